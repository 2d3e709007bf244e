import fc from 'fast-check';
import type { Predictions } from '../../src/metrics/predictions.js';

/** Logits and labels by row. */
export function predictionsOf(
  logits: readonly (readonly number[])[],
  labels: readonly number[],
): Predictions {
  return {
    numClasses: logits[0].length,
    logits_NK: Float32Array.from(logits.flat()),
    labels_N: Int32Array.from(labels),
  };
}

/** Tests of 1 to 30 rows and 1 to 5 classes, with few different logits, so that many tie. */
export const anyPredictions = fc.integer({ min: 1, max: 5 }).chain((numClasses) => {
  const logits = fc.array(fc.integer({ min: -2, max: 2 }), { minLength: numClasses, maxLength: numClasses });
  const row = fc.record({ logits, label: fc.nat(numClasses - 1) });
  return fc.array(row, { minLength: 1, maxLength: 30 }).map((rows) =>
    predictionsOf(
      rows.map((each) => each.logits),
      rows.map(({ label }) => label),
    ),
  );
});

/** Rows [begin, end) of a test. */
export function rowsOf(
  { numClasses, logits_NK, labels_N }: Predictions,
  begin: number,
  end: number,
): Predictions {
  return {
    numClasses,
    logits_NK: logits_NK.slice(begin * numClasses, end * numClasses),
    labels_N: labels_N.slice(begin, end),
  };
}
