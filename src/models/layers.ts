import { numElements, type Shape } from '../core/shapes.js';
import { conv2dFacts, type Conv2d } from './layers/conv2d.js';
import { denseFacts, type Dense } from './layers/dense.js';
import { flattenFacts, type Flatten } from './layers/flatten.js';
import { globalAvgPool2dFacts, type GlobalAvgPool2d } from './layers/global_avg_pool2d.js';
import { groupNormFacts, type GroupNorm } from './layers/group_norm.js';
import type { Costs, LayerFacts, ParameterSpec } from './layers/layer_facts.js';
import { maxPool2dFacts, type MaxPool2d } from './layers/max_pool2d.js';
import { reluFacts, type Relu } from './layers/relu.js';
import { residualFacts, type Residual } from './layers/residual.js';

/** Every kind of layer by its name: adding one is adding its file, a line here, a line in `facts` and its constructor. */
interface Kinds {
  readonly conv2d: Conv2d;
  readonly dense: Dense;
  readonly flatten: Flatten;
  readonly global_avg_pool2d: GlobalAvgPool2d;
  readonly group_norm: GroupNorm;
  readonly max_pool2d: MaxPool2d;
  readonly relu: Relu;
  readonly residual: Residual;
}

const facts: { readonly [K in LayerKind]: LayerFacts<Kinds[K]> } = {
  conv2d: conv2dFacts,
  dense: denseFacts,
  flatten: flattenFacts,
  global_avg_pool2d: globalAvgPool2dFacts,
  group_norm: groupNormFacts,
  max_pool2d: maxPool2dFacts,
  relu: reluFacts,
  residual: residualFacts({ outputShape, parametersOf, costsOf }),
};

export { conv2d, type Conv2d } from './layers/conv2d.js';
export { dense, type Dense } from './layers/dense.js';
export { flatten, type Flatten } from './layers/flatten.js';
export { globalAvgPool2d, type GlobalAvgPool2d } from './layers/global_avg_pool2d.js';
export { groupNorm, type GroupNorm } from './layers/group_norm.js';
export { maxPool2d, type MaxPool2d } from './layers/max_pool2d.js';
export { relu, type Relu } from './layers/relu.js';
export { residual, type Residual } from './layers/residual.js';
export type { Costs, ParameterSpec } from './layers/layer_facts.js';

export type LayerKind = keyof Kinds;
/** A layer is plain data: an engine decides how it is computed. */
export type Layer = Kinds[LayerKind];

/** Shape of what a layer gives for one row of this shape. Throws ShapeError where the layer does not fit. */
export function layerOutputShape(layer: Layer, input: Shape): Shape {
  return factsOf(layer).outputShape(layer, input);
}

/** The trained parameters of one layer, weight before bias, named as PyTorch names them. */
export function layerParameters(layer: Layer): readonly ParameterSpec[] {
  return factsOf(layer).parameters(layer);
}

/** The trained parameters of a list of layers, in order: the layout of every flat weight vector. */
export function parametersOf(layers: readonly Layer[]): readonly ParameterSpec[] {
  return layers.flatMap(layerParameters);
}

/** Length of the flat weight vector of a list of layers. */
export function numParameters(layers: readonly Layer[]): number {
  return parametersOf(layers).reduce((sum, { shape }) => sum + numElements(shape), 0);
}

/** Shape of what a list of layers gives for one row of this shape. */
export function outputShape(layers: readonly Layer[], input: Shape): Shape {
  return layers.reduce<Shape>((shape, layer) => layerOutputShape(layer, shape), input);
}

/** What one row costs a list of layers: backward reaches the first layer that trains, and the input where it is asked to. */
export function costsOf(layers: readonly Layer[], input: Shape): Costs {
  const firstTrained = layers.findIndex((layer) => layerParameters(layer).length > 0);
  const sum = { forwardFlop: 0, parameterFlop: 0, inputFlop: 0, numKept: 0 };
  let shape = input;
  for (const [index, layer] of layers.entries()) {
    const own = factsOf(layer).costs(layer, shape);
    const isCarriedAnyway = firstTrained >= 0 && index > firstTrained;
    sum.forwardFlop += own.forwardFlop;
    sum.parameterFlop += own.parameterFlop + (isCarriedAnyway ? own.inputFlop : 0);
    sum.inputFlop += isCarriedAnyway ? 0 : own.inputFlop;
    sum.numKept += own.numKept;
    shape = layerOutputShape(layer, shape);
  }
  return sum;
}

/** Whether a list of layers is a linear function of its input, up to biases. */
export function areLinear(layers: readonly Layer[]): boolean {
  return layers.every((layer) => factsOf(layer).isLinear);
}

function factsOf(layer: Layer): LayerFacts<Layer> {
  return facts[layer.kind];
}
