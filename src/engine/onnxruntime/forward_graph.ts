import type { Shape } from '../../core/shapes.js';
import { outputShape, parametersOf, type Layer } from '../../models/layers.js';
import type { Block } from './blocks.js';
import type { GraphBuilder, Value } from './graph.js';
import { emitConv2d } from './layers/conv2d.js';
import { emitConvPool } from './layers/conv_pool.js';
import { emitDense } from './layers/dense.js';
import type { EmittedLayer } from './layers/emitter.js';
import { emitFlatten } from './layers/flatten.js';
import { emitMaxPool2d } from './layers/max_pool2d.js';
import { emitRelu } from './layers/relu.js';

/** Writes blocks one after the other: x [B, inputShape] -> y. `parameters` are in the order of `parametersOf(layers)`. */
export function emitForward(
  g: GraphBuilder,
  blocks: readonly Block[],
  inputShape: Shape,
  x: Value,
  parameters: readonly Value[],
): { y: Value; emitted: EmittedLayer[] } {
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
  return { y, emitted };
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
    default:
      return layer satisfies never;
  }
}
