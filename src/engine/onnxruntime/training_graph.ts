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

/** The models that one segment runs, and the names under which their results leave. */
export interface TrainingModels {
  /** x, weights -> y */
  readonly infer: ExtractedModel;
  /** x, weights (and labels) -> y, what `backward` needs, and for a segment with a loss the input's gradient */
  readonly forward: ExtractedModel;
  /** Everything so far (and dy) -> new weights and slots, and else the input's gradient */
  readonly backward: ExtractedModel;
  readonly names: {
    readonly y: string;
    readonly dx: string | undefined;
    /** 0, or NaN where dx is not finite; only of a segment with a loss. */
    readonly dxCheck: string | undefined;
    readonly weights: string;
    /** 0, or NaN where a new weight or slot is not finite. */
    readonly stateCheck: string;
    /** Per layer group, per slot. */
    readonly slots: readonly (readonly string[])[];
  };
}

/** Names of the tensors that a segment is fed. */
export const feeds = {
  x: 'x',
  dy: 'dy',
  labels: 'labels',
  /** 1 / number of rows that the loss is the mean of. */
  rowWeight: 'row_weight',
  weights: 'weights',
  slot: (group: number, slot: number) => `slot_${group}_${slot}`,
  hyper: (group: number) => `hyper_${group}`,
} as const;

/** Writes forward, backward and optimiser step of a part as one graph, and cuts it into the runs of a training step. */
export function buildTrainingModels(spec: SegmentSpec): TrainingModels {
  const { part, hasLoss, needsInputGradient } = spec;
  const g = new GraphBuilder();
  const x = g.input(feeds.x, 'float32', ['B', ...part.inputShape]);
  const weights = g.input(feeds.weights, 'float32', [numParameters(part.layers)]);

  const layers = poolBeforeRelu(part.layers);
  const parameters = splitParameters(g, layers, weights);
  const blocks = fastBlocks(
    layers,
    spec.groups.map(({ numLayers }) => numLayers),
  );
  const emitted = emitLayers(g, blocks, part.inputShape, x, parameters);
  const { y } = emitted;
  const dy = hasLoss
    ? emitLossGradient(g, y, part.outputShape)
    : g.input(feeds.dy, 'float32', ['B', ...part.outputShape]);
  const { parameters: gradients, dx } = emitted.backward(dy, needsInputGradient);
  const flat = gradients.map((gradient) => g.reshape(gradient, [-1]));
  const step = emitUpdate(g, spec, weights, flat);

  const stateCheck = g.op(
    'Sum',
    [step.weights, ...step.slots.flat()].map((vector) => g.zeroIfFinite(vector)),
  );
  const dxCheck = hasLoss && dx ? g.zeroIfFinite(dx) : undefined;
  const dxOutput = dx ? [dx] : [];
  const early = hasLoss ? dxOutput : [];
  const late = hasLoss ? [] : dxOutput;
  const earlyInputs = new Set<string>([feeds.x, feeds.weights, feeds.labels, feeds.rowWeight]);
  const results = [step.weights, stateCheck, ...step.slots.flat(), ...late];
  const forward = [y, ...early, ...(dxCheck ? [dxCheck] : []), ...g.keptFor(results, earlyInputs)];
  return {
    infer: g.extract([y]),
    forward: g.extract([...new Set(forward)]),
    backward: g.extract(results, earlyInputs),
    names: {
      y: y.name,
      dx: dx?.name,
      dxCheck: dxCheck?.name,
      weights: step.weights.name,
      stateCheck: stateCheck.name,
      slots: step.slots.map((group) => group.map(({ name }) => name)),
    },
  };
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

function emitUpdate(
  g: GraphBuilder,
  spec: SegmentSpec,
  weights: Value,
  gradients: readonly Value[],
): { weights: Value; slots: readonly (readonly Value[])[] } {
  const sizes = groupSizes(spec);
  const oldWeights = g.split(weights, sizes);
  let firstLayer = 0;
  let firstGradient = 0;
  const steps = spec.groups.map(({ numLayers, optimizer }, group) => {
    const layers = spec.part.layers.slice(firstLayer, firstLayer + numLayers);
    const numGradients = parametersOf(layers).length;
    const gradient = g.concat(gradients.slice(firstGradient, firstGradient + numGradients), 0);
    firstLayer += numLayers;
    firstGradient += numGradients;
    const slots = Array.from({ length: numSlots[optimizer.name] }, (_, slot) =>
      g.input(feeds.slot(group, slot), 'float32', [sizes[group]]),
    );
    const numHyper = hyperparameters(optimizer, 1).length;
    const hyper = g.input(feeds.hyper(group), 'float32', [numHyper]);
    return emitOptimizerStep(g, optimizer, oldWeights[group], gradient, slots, hyper);
  });
  return {
    weights: g.concat(
      steps.map((step) => step.weights),
      0,
    ),
    slots: steps.map((step) => step.slots),
  };
}
