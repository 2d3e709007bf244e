// Shape legend: B batch, C channels in, O channels out, H W picture, h w output, k kernel side
import { layerOutputShape, type Conv2d } from '../../../models/layers.js';
import type { GraphBuilder, Value } from '../graph.js';
import type { LayerEmitter } from './emitter.js';

/**
 * Forward is Conv, the input's gradient ConvTranspose. The weight's gradient is, for each picture, one matrix product of dy
 * [O, h*w] and the columns [k*k*C, h*w] of the input pixels that each kernel position meets: faster than Conv on transposed
 * operands.
 */
export const emitConv2d: LayerEmitter<Conv2d> = (g, layer, x_BCHW, parameters, input) => {
  const { kernelSize, stride, padding, hasBias } = layer;
  const [weight_OCkk] = parameters;
  const geometry = {
    kernel_shape: [kernelSize, kernelSize],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
  };
  g.keep(x_BCHW);
  return {
    y: g.op('Conv', [x_BCHW, ...parameters], geometry),
    backward(dy_BOhw, needsInputGradient) {
      g.keep(dy_BOhw);
      // Pixels that the last stride did not reach: ConvTranspose must be told of them.
      const unreached = input.slice(1).map((size) => (size + 2 * padding - kernelSize) % stride);
      return {
        parameters: [
          weightGradient(g, layer, x_BCHW, dy_BOhw, input),
          ...(hasBias ? [g.sum(dy_BOhw, 0, 2, 3)] : []),
        ],
        dx: needsInputGradient
          ? g.op('ConvTranspose', [dy_BOhw, weight_OCkk], { ...geometry, output_padding: unreached })
          : undefined,
      };
    },
  };
};

function weightGradient(
  g: GraphBuilder,
  layer: Conv2d,
  x_BCHW: Value,
  dy_BOhw: Value,
  input: readonly number[],
): Value {
  const { kernelSize: k, stride, padding, inChannels, outChannels } = layer;
  const [, h, w] = layerOutputShape(layer, input);
  const padded =
    padding === 0 ? x_BCHW : g.op('Pad', [x_BCHW, g.ints(0, 0, padding, padding, 0, 0, padding, padding)]);
  const columns: Value[] = [];
  for (let row = 0; row < k; row++)
    for (let column = 0; column < k; column++)
      columns.push(
        g.op('Slice', [
          padded,
          g.ints(row, column),
          g.ints(row + (h - 1) * stride + 1, column + (w - 1) * stride + 1),
          g.ints(2, 3),
          g.ints(stride, stride),
        ]),
      );
  const columns_BXL = g.reshape(g.concat(columns, 1), [0, k * k * inChannels, h * w]);
  const dy_BOL = g.reshape(dy_BOhw, [0, outChannels, h * w]);
  const dw_OX = g.sum(g.op('MatMul', [dy_BOL, g.transpose(columns_BXL, 0, 2, 1)]), 0);
  return g.transpose(g.reshape(dw_OX, [outChannels, k, k, inChannels]), 0, 3, 1, 2);
}
