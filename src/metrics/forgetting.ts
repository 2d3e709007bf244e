// Shape legend: K classes
import type { ClassificationReport, ForgettingMatrix } from '../core/evaluation.js';
import type { ForgettingEvent } from '../core/events.js';

/** Share of right answers among the test rows of each class; null where there are none. */
export function classAccuracyOf({ classes }: ClassificationReport): readonly (number | null)[] {
  return classes.map(({ support, recall }) => (support === 0 ? null : recall));
}

/**
 * The forgetting matrix of a run: entry (test, client) is the accuracy on each class, weighted by the client's share of
 * rows of it; a class that the sample lacks counts for no client, and a client
 * that has no other has no entry. `classCounts` is [client][class].
 */
export function forgettingMatrix(
  tests: readonly ForgettingEvent[],
  classCounts: readonly (readonly number[])[],
  samples: number,
): ForgettingMatrix {
  return {
    samples,
    visits: tests.map(({ round, client, steps }) => ({ round, client, steps })),
    accuracy: tests.map(({ class_accuracy }) =>
      classCounts.map((counts) => weightedMean(class_accuracy, counts)),
    ),
  };
}

function weightedMean(accuracy_K: readonly (number | null)[], weights_K: readonly number[]): number | null {
  let sum = 0;
  let whole = 0;
  for (const [label, accuracy] of accuracy_K.entries()) {
    if (accuracy === null) continue;
    sum += accuracy * weights_K[label];
    whole += weights_K[label];
  }
  return whole === 0 ? null : sum / whole;
}
