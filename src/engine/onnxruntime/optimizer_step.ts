import type { OptimizerOptions } from '../optimizer.js';
import type { GraphBuilder, Value } from './graph.js';

/** A step of an optimiser written into a graph: the formulas stand in `engine/optimizer.ts`. */
export interface OptimizerStep {
  readonly weights: Value;
  readonly slots: readonly Value[];
}

/** Writes the step for one flat weight vector. `hyper` is what `hyperparameters` gives. */
export function emitOptimizerStep(
  g: GraphBuilder,
  { name }: OptimizerOptions,
  weights: Value,
  gradient: Value,
  slots: readonly Value[],
  hyper: Value,
): OptimizerStep {
  const mul = (a: Value, b: Value) => g.op('Mul', [a, b]);
  const add = (a: Value, b: Value) => g.op('Add', [a, b]);
  const step = (by: Value) => g.op('Sub', [weights, by]);
  switch (name) {
    case 'sgd': {
      const [lr, momentum, weightDecay] = g.split(hyper, [1, 1, 1]);
      const decayed = add(gradient, mul(weights, weightDecay));
      const velocity = add(mul(slots[0], momentum), decayed);
      return { weights: step(mul(velocity, lr)), slots: [velocity] };
    }
    case 'adam': {
      const [stepSize, beta1, rest1, beta2, rest2, rootScale, epsilon, weightDecay] = g.split(
        hyper,
        new Array<number>(8).fill(1),
      );
      const decayed = add(gradient, mul(weights, weightDecay));
      const mean = add(mul(slots[0], beta1), mul(decayed, rest1));
      const square = add(mul(slots[1], beta2), mul(mul(decayed, decayed), rest2));
      const root = add(mul(g.op('Sqrt', [square]), rootScale), epsilon);
      return { weights: step(mul(stepSize, g.op('Div', [mean, root]))), slots: [mean, square] };
    }
    default:
      return name satisfies never;
  }
}
