import { numElements, type Shape } from '../../core/shapes.js';
import { parametersOf, type ParameterSpec } from '../../models/layers.js';
import type { SegmentSpec } from '../engine.js';
import { freshOptimizerState, type OptimizerOptions, type OptimizerState } from '../optimizer.js';
import { optimizerStep } from './optimizer_step.js';
import type { Handle, TensorScope } from './tensors.js';
import { engineShape, toCanonicalLayout, toEngineLayout } from './weight_layout.js';

type Vector = Float32Array<ArrayBuffer>;

/** Layers that share an optimiser: their parameters in flat vectors. */
export interface Group {
  readonly parameters: readonly ParameterSpec[];
  readonly sizes: readonly number[];
  /** Of all parameters together. */
  readonly size: number;
  readonly shapes: readonly Shape[];
  readonly optimizer: OptimizerOptions;
}

/** A group's weights and what its optimiser remembers, on the device. No vectors where the group has no parameters. */
export interface GroupState {
  readonly step: number;
  readonly vectors: { readonly weights: Handle; readonly slots: readonly Handle[] } | undefined;
  /** The same weights, a tensor a parameter. */
  readonly parameters: readonly Handle[];
}

export function groupsOf({ part, groups }: SegmentSpec): readonly Group[] {
  let firstLayer = 0;
  return groups.map(({ numLayers, optimizer }) => {
    const parameters = parametersOf(part.layers.slice(firstLayer, (firstLayer += numLayers)));
    const sizes = parameters.map(({ shape }) => numElements(shape));
    const size = sizes.reduce((sum, each) => sum + each, 0);
    return { parameters, sizes, size, shapes: parameters.map(engineShape), optimizer };
  });
}

/** Puts a group on the device; the tensors are the scope's. */
export function importGroup(
  t: TensorScope,
  group: Group,
  weights: Vector,
  optimizer: OptimizerState,
): GroupState {
  const { step } = optimizer;
  if (group.parameters.length === 0) return { step, vectors: undefined, parameters: [] };
  const vectors = {
    weights: upload(t, group, weights),
    slots: optimizer.slots.map((slot) => upload(t, group, slot)),
  };
  return { step, vectors, parameters: parametersIn(t, group, vectors.weights) };
}

/** The same weights, with another past of the optimiser. */
export function replaceOptimizer(
  t: TensorScope,
  group: Group,
  { vectors, parameters }: GroupState,
  optimizer: OptimizerState,
): GroupState {
  if (!vectors) return { step: optimizer.step, vectors, parameters };
  const slots = optimizer.slots.map((slot) => upload(t, group, slot));
  return { step: optimizer.step, vectors: { ...vectors, slots }, parameters };
}

export function exportGroup(
  t: TensorScope,
  group: Group,
  { step, vectors }: GroupState,
): { weights: Vector; optimizer: OptimizerState } {
  if (!vectors) {
    const { slots } = freshOptimizerState(group.optimizer, 0);
    return { weights: new Float32Array(), optimizer: { step, slots } };
  }
  const download = (vector: Handle) => toCanonicalLayout(group.parameters, t.read(vector));
  return { weights: download(vectors.weights), optimizer: { step, slots: vectors.slots.map(download) } };
}

/** The group after one step of its optimiser. The tensors are the scope's; those of the state before stay. */
export function stepGroup(
  t: TensorScope,
  group: Group,
  before: GroupState,
  gradients: readonly Handle[],
): GroupState {
  const step = before.step + 1;
  if (!before.vectors) return { ...before, step };
  const flat = t.concat(
    gradients.map((gradient) => t.reshape(gradient, [-1])),
    0,
  );
  const vectors = optimizerStep(t, group.optimizer, step, before.vectors, flat);
  return { step, vectors, parameters: parametersIn(t, group, vectors.weights) };
}

/** Whether neither NaN nor an infinity is in the weights and slots; waits for the device. */
export function isGroupFinite(t: TensorScope, { vectors }: GroupState): boolean {
  return !vectors || [vectors.weights, ...vectors.slots].every((vector) => t.isFinite(vector));
}

/** Every tensor of a state. */
export function tensorsOf({ vectors, parameters }: GroupState): readonly Handle[] {
  return vectors ? [vectors.weights, ...vectors.slots, ...parameters] : [];
}

function upload(t: TensorScope, { parameters }: Group, vector: Vector): Handle {
  return t.floats([vector.length], toEngineLayout(parameters, vector));
}

function parametersIn(t: TensorScope, { sizes, shapes }: Group, weights: Handle): readonly Handle[] {
  return t.splitVector(weights, sizes).map((part, index) => t.reshape(part, shapes[index]));
}
