import type { Shape } from '../../core/shapes.js';
import { numElements } from '../../core/shapes.js';
import { numParameters, parametersOf, type Layer } from '../../models/layers.js';
import { groupSizes, type SegmentSpec } from '../engine.js';
import { hyperparameters, numSlots } from '../optimizer.js';
import { fastBlocks } from './blocks.js';
import { emitLayers } from './forward_graph.js';
import { GraphBuilder, type ExtractedModel, type Value } from './graph.js';
import { emitOptimizerStep } from './optimizer_step.js';
import { poolBeforeRelu } from '../passes.js';

/** The models of a training step whose backward run is followed by the optimiser's step at once. */
export interface TrainingModels {
  /** x, weights -> y */
  readonly infer: ExtractedModel;
  /** x, weights (and labels) -> y, what `backward` needs, and for a segment with a loss the input's gradient */
  readonly forward: ExtractedModel;
  /** Everything so far (and dy) -> new weights and slots, and else the input's gradient */
  readonly backward: ExtractedModel;
  readonly names: RunNames & StepNames;
}

/** The models of a training step on parts of a batch, whose gradients are added before the optimiser's step. */
export interface MicroBatchModels {
  readonly infer: ExtractedModel;
  readonly forward: ExtractedModel;
  /** Everything so far (and dy) -> gradient of all parameters, flat, and else the input's gradient */
  readonly backward: ExtractedModel;
  /** Weights, the parts' gradients, slots -> new weights and slots */
  readonly update: ExtractedModel;
  readonly names: RunNames & StepNames & { readonly gradient: string };
}

/** Under which the results of forward and backward leave. */
export interface RunNames {
  readonly y: string;
  readonly dx: string | undefined;
  /** 0, or NaN where dx is not finite; only of a segment with a loss. */
  readonly dxCheck: string | undefined;
}

/** Under which the results of the optimiser's step leave. */
export interface StepNames {
  readonly weights: string;
  /** 0, or NaN where a new weight or slot is not finite. */
  readonly stateCheck: string;
  /** Per layer group, per slot. */
  readonly slots: readonly (readonly string[])[];
}

/** Names of the tensors that a segment is fed. */
export const feeds = {
  x: 'x',
  dy: 'dy',
  labels: 'labels',
  /** 1 / number of rows that the loss is the mean of. */
  rowWeight: 'row_weight',
  weights: 'weights',
  /** Of a part of the batch, flat. */
  gradient: (part: number) => `gradient_${part}`,
  slot: (group: number, slot: number) => `slot_${group}_${slot}`,
  hyper: (group: number) => `hyper_${group}`,
} as const;

/** Writes forward, backward and optimiser step of a part as one graph, and cuts it into the runs of a training step. */
export function buildTrainingModels(spec: SegmentSpec): TrainingModels {
  const written = emitGradients(spec);
  const { g, weights, gradients } = written;
  let first = 0;
  const ofGroups = spec.groups.map(({ numLayers }, group) => {
    const start = spec.groups.slice(0, group).reduce((sum, before) => sum + before.numLayers, 0);
    const numOwn = parametersOf(spec.part.layers.slice(start, start + numLayers)).length;
    return g.concat(gradients.slice(first, (first += numOwn)), 0);
  });
  const step = emitStep(g, spec, weights, ofGroups);
  return {
    ...extractRuns(written, step.results),
    names: { ...runNames(written), ...step.names },
  };
}

/** The same, with the optimiser's step as a model of its own. */
export function buildMicroBatchModels(spec: SegmentSpec): MicroBatchModels {
  const written = emitGradients(spec);
  const gradient = written.g.concat(written.gradients, 0);
  const g = new GraphBuilder();
  const numWeights = numParameters(spec.part.layers);
  const weights = g.input(feeds.weights, 'float32', [numWeights]);
  const parts = Array.from({ length: spec.microBatches }, (_, part) =>
    g.input(feeds.gradient(part), 'float32', [numWeights]),
  );
  const step = emitStep(g, spec, weights, g.split(g.op('Sum', parts), groupSizes(spec)));
  return {
    ...extractRuns(written, [gradient]),
    update: g.extract(step.results),
    names: { ...runNames(written), ...step.names, gradient: gradient.name },
  };
}

/** Forward and backward of a part. */
interface Written {
  readonly g: GraphBuilder;
  readonly weights: Value;
  readonly y: Value;
  readonly dx: Value | undefined;
  readonly dxCheck: Value | undefined;
  /** Of each parameter, flat. */
  readonly gradients: readonly Value[];
}

function emitGradients({ part, hasLoss, needsInputGradient, groups }: SegmentSpec): Written {
  const g = new GraphBuilder();
  const x = g.input(feeds.x, 'float32', ['B', ...part.inputShape]);
  const weights = g.input(feeds.weights, 'float32', [numParameters(part.layers)]);
  const layers = poolBeforeRelu(part.layers);
  const parameters = splitParameters(g, layers, weights);
  const blocks = fastBlocks(
    layers,
    groups.map(({ numLayers }) => numLayers),
  );
  const emitted = emitLayers(g, blocks, part.inputShape, x, parameters);
  const { y } = emitted;
  const dy = hasLoss
    ? emitLossGradient(g, y, part.outputShape)
    : g.input(feeds.dy, 'float32', ['B', ...part.outputShape]);
  const { parameters: gradients, dx } = emitted.backward(dy, needsInputGradient);
  return {
    g,
    weights,
    y,
    dx,
    dxCheck: hasLoss && dx ? g.zeroIfFinite(dx) : undefined,
    gradients: gradients.map((gradient) => g.reshape(gradient, [-1])),
  };
}

/** With a loss the input's gradient leaves the forward run, else the backward run. */
function extractRuns({ g, y, dx, dxCheck }: Written, ofBackward: readonly Value[]) {
  const dxOutput = dx ? [dx] : [];
  const early = dxCheck ? [...dxOutput, dxCheck] : [];
  const results = [...ofBackward, ...(dxCheck ? [] : dxOutput)];
  const earlyInputs = new Set<string>([feeds.x, feeds.weights, feeds.labels, feeds.rowWeight]);
  const forward = [y, ...early, ...g.keptFor(results, earlyInputs)];
  return {
    infer: g.extract([y]),
    forward: g.extract([...new Set(forward)]),
    backward: g.extract(results, earlyInputs),
  };
}

function runNames({ y, dx, dxCheck }: Written): RunNames {
  return { y: y.name, dx: dx?.name, dxCheck: dxCheck?.name };
}

/** The parameters of layers, out of the flat vector. */
function splitParameters(g: GraphBuilder, layers: readonly Layer[], weights: Value): readonly Value[] {
  const specs = parametersOf(layers);
  const flat = g.split(
    weights,
    specs.map(({ shape }) => numElements(shape)),
  );
  return specs.map(({ shape }, index) => (shape.length === 1 ? flat[index] : g.reshape(flat[index], shape)));
}

/** d(mean cross-entropy)/d(logits) = (softmax(logits) - onehot(label)) / rows */
function emitLossGradient(g: GraphBuilder, logits_BK: Value, [numClasses]: Shape): Value {
  const labels_B = g.input(feeds.labels, 'int32', ['B']);
  const rowWeight = g.input(feeds.rowWeight, 'float32', []);
  const classes_K = g.op('Cast', [g.ints(...Array(numClasses).keys())], { to: 6 }, 'int32');
  const isLabel_BK = g.op(
    'Equal',
    [g.op('Unsqueeze', [labels_B, g.ints(1)], {}, 'int32'), classes_K],
    {},
    'bool',
  );
  const error_BK = g.op('Sub', [g.op('Softmax', [logits_BK], { axis: 1 }), g.toFloat(isLabel_BK)]);
  return g.op('Mul', [error_BK, rowWeight]);
}

/** The optimisers' steps with one gradient for each layer group, flat. */
function emitStep(
  g: GraphBuilder,
  spec: SegmentSpec,
  weights: Value,
  gradients: readonly Value[],
): { readonly results: readonly Value[]; readonly names: StepNames } {
  const sizes = groupSizes(spec);
  const oldWeights = g.split(weights, sizes);
  const steps = spec.groups.map(({ optimizer }, group) => {
    const slots = Array.from({ length: numSlots[optimizer.name] }, (_, slot) =>
      g.input(feeds.slot(group, slot), 'float32', [sizes[group]]),
    );
    const numHyper = hyperparameters(optimizer, 1).length;
    const hyper = g.input(feeds.hyper(group), 'float32', [numHyper]);
    return emitOptimizerStep(g, optimizer, oldWeights[group], gradients[group], slots, hyper);
  });
  const newWeights = g.concat(
    steps.map((step) => step.weights),
    0,
  );
  const slots = steps.map((step) => step.slots);
  const state = [newWeights, ...slots.flat()];
  const stateCheck = g.op(
    'Sum',
    state.map((values) => g.zeroIfFinite(values)),
  );
  return {
    results: [newWeights, stateCheck, ...slots.flat()],
    names: {
      weights: newWeights.name,
      stateCheck: stateCheck.name,
      slots: slots.map((group) => group.map(({ name }) => name)),
    },
  };
}
