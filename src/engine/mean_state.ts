import type { SegmentState } from './engine.js';

/** What a mean over clients does to the optimisers: fresh ones, a mean of theirs, or each keeps its own. */
export const optimizerMeans = ['reset', 'average', 'keep'] as const;
export type OptimizerMean = (typeof optimizerMeans)[number];

/** A weighted sum of states on its way: one vector a part, in the order of `vectorsOf`. */
export type StateSum = readonly Float64Array<ArrayBuffer>[];

/** sum + weight * states, in float64; without a sum so far, the first term. The order of the terms decides the last bit. */
export function addToSum(
  sum: StateSum | undefined,
  states: readonly SegmentState[],
  weight: number,
  optimizers: OptimizerMean,
): StateSum {
  return vectorsOf(states, optimizers).map((vector, part) =>
    Float64Array.from(vector, (value, at) => (sum ? sum[part][at] : 0) + weight * value),
  );
}

/**
 * The mean that a finished sum stands for, in the layout of `own`: sum / totalWeight, rounded once to float32. Optimisers are
 * means too (Adam's step count rounded), or those of `own` for `keep`, or none for `reset`.
 */
export function meanOf(
  sum: StateSum,
  totalWeight: number,
  own: readonly SegmentState[],
  optimizers: OptimizerMean,
): readonly SegmentState[] {
  const vectors = sum.map((vector) => Float32Array.from(vector, (value) => value / totalWeight));
  let next = 0;
  return own.map((state) => {
    const weights = vectors[next++];
    if (optimizers === 'reset') return { weights, optimizers: [] };
    if (optimizers === 'keep') return { weights, optimizers: state.optimizers };
    return {
      weights,
      optimizers: state.optimizers.map(({ slots }) => {
        const step = Math.round(vectors[next++][0]);
        return { step, slots: slots.map(() => vectors[next++]) };
      }),
    };
  });
}

/** Length of each vector of such a sum. */
export function sumLengths(states: readonly SegmentState[], optimizers: OptimizerMean): readonly number[] {
  return vectorsOf(states, optimizers).map(({ length }) => length);
}

/** Everything that is averaged: each segment's weights, then each of its optimisers' step count and slots. */
function vectorsOf(states: readonly SegmentState[], optimizers: OptimizerMean): readonly ArrayLike<number>[] {
  return states.flatMap(({ weights, optimizers: own }) => [
    weights,
    ...(optimizers === 'average' ? own.flatMap(({ step, slots }) => [[step], ...slots]) : []),
  ]);
}
