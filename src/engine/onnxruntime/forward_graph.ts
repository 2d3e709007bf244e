import type { Shape } from '../../core/shapes.js';
import { layerOutputShape, layerParameters, type Layer } from '../../models/layers.js';
import type { GraphBuilder, Value } from './graph.js';
import { emitConv2d } from './layers/conv2d.js';
import { emitDense } from './layers/dense.js';
import type { EmittedLayer, LayerGradients } from './layers/emitter.js';
import { emitFlatten } from './layers/flatten.js';
import { emitGlobalAvgPool2d } from './layers/global_avg_pool2d.js';
import { emitGroupNorm } from './layers/group_norm.js';
import { emitMaxPool2d } from './layers/max_pool2d.js';
import { emitRelu } from './layers/relu.js';
import { emitResidual } from './layers/residual.js';

/** Writes layers one after the other: x [B, inputShape] -> y. `parameters` are in the order of `parametersOf(layers)`. */
export function emitLayers(
  g: GraphBuilder,
  layers: readonly Layer[],
  inputShape: Shape,
  x: Value,
  parameters: readonly Value[],
): EmittedLayer {
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
  const firstTrained = layers.findIndex((layer) => layerParameters(layer).length > 0);
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
      return emitResidual(emitLayers)(g, layer, x, parameters, input);
    default:
      return layer satisfies never;
  }
}
