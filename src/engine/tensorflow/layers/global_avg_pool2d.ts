// Shape legend: B batch, C channels, H W picture
import type { GlobalAvgPool2d } from '../../../models/layers.js';
import type { LayerCompiler } from './layer.js';

/** y = mean over the pixels; each pixel gets dy / (H W). */
export const compileGlobalAvgPool2d: LayerCompiler<GlobalAvgPool2d> = (_layer, [channels, height, width]) => {
  const shares = new Float32Array(height * width).fill(1 / (height * width));
  return (t, x_BHWC) => ({
    y: t.mean(x_BHWC, [1, 2], { keepDims: false }),
    inputGradient: (dy_BC) =>
      t.multiply(t.reshape(dy_BC, [-1, 1, 1, channels]), t.floats([1, height, width, 1], shares)),
  });
};
