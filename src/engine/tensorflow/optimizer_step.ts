import { hyperparameters, type OptimizerOptions } from '../optimizer.js';
import type { Handle, TensorScope } from './tensors.js';

/** New weights, and new slots. */
export interface OptimizerStep {
  readonly weights: Handle;
  readonly slots: readonly Handle[];
}

/** Computes a step, which counts from 1, for one flat weight vector: the formulas stand in `engine/optimizer.ts`. */
export function optimizerStep(
  t: TensorScope,
  options: OptimizerOptions,
  step: number,
  before: OptimizerStep,
  gradient: Handle,
): OptimizerStep {
  const { weights, slots } = before;
  const hyper = Array.from(hyperparameters(options, step), (value) => t.scalar(value));
  switch (options.name) {
    case 'sgd': {
      const [lr, momentum, weightDecay] = hyper;
      const decayed = t.add(gradient, t.multiply(weights, weightDecay));
      const velocity = t.add(t.multiply(slots[0], momentum), decayed);
      return { weights: t.subtract(weights, t.multiply(velocity, lr)), slots: [velocity] };
    }
    case 'adam': {
      const [stepSize, beta1, rest1, beta2, rest2, rootScale, epsilon, weightDecay] = hyper;
      const decayed = t.add(gradient, t.multiply(weights, weightDecay));
      const mean = t.add(t.multiply(slots[0], beta1), t.multiply(decayed, rest1));
      const square = t.add(t.multiply(slots[1], beta2), t.multiply(t.multiply(decayed, decayed), rest2));
      const root = t.add(t.multiply(t.squareRoot(square), rootScale), epsilon);
      return {
        weights: t.subtract(weights, t.multiply(stepSize, t.divide(mean, root))),
        slots: [mean, square],
      };
    }
    default:
      return options satisfies never;
  }
}
