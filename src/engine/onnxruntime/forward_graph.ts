import type { Shape } from '../../core/shapes.js';
import { outputShape, parametersOf, type Layer } from '../../models/layers.js';
import { plainBlocks, type Block } from './blocks.js';
import type { GraphBuilder, Value } from './graph.js';
import { emitConv2d } from './layers/conv2d.js';
import { emitConvPool } from './layers/conv_pool.js';
import { emitDense } from './layers/dense.js';
import type { EmittedLayer, LayerGradients } from './layers/emitter.js';
import { emitFlatten } from './layers/flatten.js';
import { emitGlobalAvgPool2d } from './layers/global_avg_pool2d.js';
import { emitGroupNorm } from './layers/group_norm.js';
import { emitMaxPool2d } from './layers/max_pool2d.js';
import { emitRelu } from './layers/relu.js';
import { emitResidual, type EmitBranch } from './layers/residual.js';

/** Writes blocks one after the other: x [B, inputShape] -> y. `parameters` are in the order of `parametersOf` their layers. */
export function emitLayers(
  g: GraphBuilder,
  blocks: readonly Block[],
  inputShape: Shape,
  x: Value,
  parameters: readonly Value[],
): EmittedLayer {
  const emitted: EmittedLayer[] = [];
  let y = x;
  let shape = inputShape;
  let used = 0;
  for (const block of blocks) {
    const numOwn = parametersOf(block.layers).length;
    const blockGraph = emitBlock(g, block, y, parameters.slice(used, used + numOwn), shape);
    emitted.push(blockGraph);
    used += numOwn;
    y = blockGraph.y;
    shape = outputShape(block.layers, shape);
  }
  const firstTrained = blocks.findIndex(({ layers }) => parametersOf(layers).length > 0);
  return {
    y,
    backward: (dy, needsInputGradient) => emitBackward(emitted, firstTrained, dy, needsInputGradient),
  };
}

function emitBackward(
  emitted: readonly EmittedLayer[],
  firstTrained: number,
  dy: Value,
  needsInputGradient: boolean,
): LayerGradients {
  const parameters: Value[] = [];
  let gradient: Value | undefined = dy;
  for (let index = emitted.length - 1; index >= 0 && gradient; index--) {
    const own = emitted[index].backward(gradient, needsInputGradient || index > firstTrained);
    parameters.unshift(...own.parameters);
    gradient = own.dx;
  }
  return { parameters, dx: needsInputGradient ? gradient : undefined };
}

function emitBlock(
  g: GraphBuilder,
  block: Block,
  x: Value,
  parameters: readonly Value[],
  input: Shape,
): EmittedLayer {
  switch (block.form) {
    case 'layer':
      return emitLayer(g, block.layers[0], x, parameters, input);
    case 'conv_pool':
      return emitConvPool(g, block.layers, x, parameters, input);
    default:
      return block satisfies never;
  }
}

function emitLayer(
  g: GraphBuilder,
  layer: Layer,
  x: Value,
  parameters: readonly Value[],
  input: Shape,
): EmittedLayer {
  switch (layer.kind) {
    case 'conv2d':
      return emitConv2d(g, layer, x, parameters, input);
    case 'dense':
      return emitDense(g, layer, x, parameters, input);
    case 'max_pool2d':
      return emitMaxPool2d(g, layer, x, parameters, input);
    case 'relu':
      return emitRelu(g, layer, x, parameters, input);
    case 'flatten':
      return emitFlatten(g, layer, x, parameters, input);
    case 'group_norm':
      return emitGroupNorm(g, layer, x, parameters, input);
    case 'global_avg_pool2d':
      return emitGlobalAvgPool2d(g, layer, x, parameters, input);
    case 'residual':
      return emitResidual(emitBranch)(g, layer, x, parameters, input);
    default:
      return layer satisfies never;
  }
}

/** The layers of a residual, one by one. */
const emitBranch: EmitBranch = (g, layers, inputShape, x, parameters) =>
  emitLayers(g, plainBlocks(layers), inputShape, x, parameters);
