// Shape legend: B batch, C channels in, O channels out, H W picture, h w output, k kernel side
import type { Conv2d } from '../../../models/layers.js';
import { attribute, ofFloats } from '../attributes.js';
import type { LayerCompiler } from './layer.js';

/** TensorFlow's three convolution kernels, on pictures with the channels last: on a CPU they know no other layout. */
export const compileConv2d: LayerCompiler<Conv2d> = (layer, [, height, width]) => {
  const { kernelSize: k, stride, inChannels, outChannels, hasBias } = layer;
  const geometry = [
    ofFloats,
    attribute.int('strides', [1, stride, stride, 1]),
    attribute.int('dilations', [1, 1, 1, 1]),
    attribute.text('data_format', 'NHWC'),
    ...paddingOf(layer),
  ];
  return (t, x_BHWC, [weight_kkCO, bias_O]) => {
    const product_BhwO = t.run('Conv2D', geometry, [x_BHWC, weight_kkCO]);
    return {
      y: hasBias ? t.addBias(product_BhwO, bias_O) : product_BhwO,
      inputGradient: (dy_BhwO) =>
        t.run('Conv2DBackpropInput', geometry, [t.ints(height, width), weight_kkCO, dy_BhwO]),
      parameterGradients: (dy_BhwO) => [
        t.run('Conv2DBackpropFilter', geometry, [x_BHWC, t.ints(k, k, inChannels, outChannels), dy_BhwO]),
        ...(hasBias ? [t.biasGradient(dy_BhwO)] : []),
      ],
    };
  };
};

/** By name where it has one: the gradient kernels are many times faster then. */
function paddingOf({ kernelSize, stride, padding }: Conv2d) {
  if (padding === 0) return [attribute.text('padding', 'VALID')];
  if (stride === 1 && 2 * padding === kernelSize - 1) return [attribute.text('padding', 'SAME')];
  return [
    attribute.text('padding', 'EXPLICIT'),
    attribute.int('explicit_paddings', [0, 0, padding, padding, padding, padding, 0, 0]),
  ];
}
