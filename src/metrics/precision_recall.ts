import type { PrecisionRecallCurve } from '../core/evaluation.js';

/** A precision-recall curve with the area under its steps. */
export interface PrecisionRecall {
  readonly curve: PrecisionRecallCurve;
  readonly averagePrecision: number;
}

const MAX_POINTS = 200;

/**
 * Precision and recall at every threshold, from the scores of positive and of negative rows, and the average precision
 * sum (R_n - R_(n-1)) P_n over falling thresholds, without interpolation (as scikit-learn's `average_precision_score`).
 * The curve begins at recall 0, precision 1. Needs a positive row, and no score may be NaN; both arrays are sorted in place.
 */
export function precisionRecall(positives: Float64Array, negatives: Float64Array): PrecisionRecall {
  positives.sort();
  negatives.sort();
  const recall = [0];
  const precision = [1];
  let averagePrecision = 0;
  let positivesLeft = positives.length;
  let negativesLeft = negatives.length;
  // Rows of equal score are on one side of every threshold.
  while (positivesLeft > 0 || negativesLeft > 0) {
    const threshold = Math.max(
      positives[positivesLeft - 1] ?? -Infinity,
      negatives[negativesLeft - 1] ?? -Infinity,
    );
    while (positivesLeft > 0 && positives[positivesLeft - 1] === threshold) positivesLeft--;
    while (negativesLeft > 0 && negatives[negativesLeft - 1] === threshold) negativesLeft--;
    const truePositives = positives.length - positivesLeft;
    const answered = truePositives + negatives.length - negativesLeft;
    averagePrecision +=
      (truePositives / positives.length - recall[recall.length - 1]) * (truePositives / answered);
    recall.push(truePositives / positives.length);
    precision.push(truePositives / answered);
  }
  return { curve: thinned(recall, precision), averagePrecision };
}

/** The first point at each of evenly spaced recalls, and the last of all. */
function thinned(recall: readonly number[], precision: readonly number[]): PrecisionRecallCurve {
  const last = recall.length - 1;
  if (last < MAX_POINTS) return { recall, precision };
  const kept = new Set<number>();
  let at = 0;
  for (let point = 0; point < MAX_POINTS - 1; point++) {
    while (recall[at] < point / (MAX_POINTS - 2)) at++;
    kept.add(at);
  }
  kept.add(last);
  const points = [...kept];
  return { recall: points.map((point) => recall[point]), precision: points.map((point) => precision[point]) };
}
