// Shape legend: B batch, C channels, H W picture
import type { GlobalAvgPool2d } from '../../../models/layers.js';
import type { LayerEmitter } from './emitter.js';

/** y = mean over the pixels; each pixel gets dy / (H W). */
export const emitGlobalAvgPool2d: LayerEmitter<GlobalAvgPool2d> = (g, _layer, x_BCHW, _parameters, input) => {
  const [channels, height, width] = input;
  return {
    y: g.mean(x_BCHW, [2, 3], { keepDims: false }),
    backward(dy_BC) {
      const share_BC11 = g.reshape(g.op('Mul', [dy_BC, g.floats(1 / (height * width))]), [0, channels, 1, 1]);
      return { parameters: [], dx: g.op('Expand', [share_BC11, g.ints(1, channels, height, width)]) };
    },
  };
};
