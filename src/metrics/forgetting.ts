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

/**
 * Mean forgetting at the end of a run: by client, its best accuracy in any test before the last minus its accuracy in the last
 * (Chaudhry et al., "Riemannian walk for incremental learning", ECCV 2018, equation 3). The client that was visited last, which
 * had no time to be forgotten, counts for nothing where there are others. Null of fewer than two tests.
 */
export function meanForgetting({ visits, accuracy }: ForgettingMatrix): number | null {
  const [last] = accuracy.slice(-1);
  const newest = visits[visits.length - 1]?.client;
  const earlier = accuracy.slice(0, -1);
  if (earlier.length === 0) return null;
  const drops = last.flatMap((now, client) => {
    const known = earlier.flatMap((row) => row[client] ?? []);
    if (now === null || known.length === 0 || (client === newest && last.length > 1)) return [];
    return [Math.max(...known) - now];
  });
  return drops.length === 0 ? null : drops.reduce((sum, drop) => sum + drop, 0) / drops.length;
}
