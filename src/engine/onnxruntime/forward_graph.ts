import type { Shape } from '../../core/shapes.js';
import { layerOutputShape, layerParameters, type Layer } from '../../models/layers.js';
import type { GraphBuilder, Value } from './graph.js';
import { emitConv2d } from './layers/conv2d.js';
import { emitDense } from './layers/dense.js';
import type { EmittedLayer } from './layers/emitter.js';
import { emitFlatten } from './layers/flatten.js';
import { emitMaxPool2d } from './layers/max_pool2d.js';
import { emitRelu } from './layers/relu.js';

/** Writes layers one after the other: x [B, inputShape] -> y. `parameters` are in the order of `parametersOf(layers)`. */
export function emitForward(
  g: GraphBuilder,
  layers: readonly Layer[],
  inputShape: Shape,
  x: Value,
  parameters: readonly Value[],
): { y: Value; emitted: EmittedLayer[] } {
  const emitted: EmittedLayer[] = [];
  let y = x;
  let shape = inputShape;
  let used = 0;
  for (const layer of layers) {
    const numOwn = layerParameters(layer).length;
    const layerGraph = emitLayer(g, layer, y, parameters.slice(used, used + numOwn), shape);
    emitted.push(layerGraph);
    used += numOwn;
    y = layerGraph.y;
    shape = layerOutputShape(layer, shape);
  }
  return { y, emitted };
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
