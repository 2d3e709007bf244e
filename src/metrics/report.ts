// Shape legend: N rows of a test, K classes
import { NumericError } from '../core/errors.js';
import type { ClassificationReport, ClassScore, PrecisionRecallCurve } from '../core/evaluation.js';
import { scoreOf, tally } from './classification.js';
import { classRates, confusionOf, macroF1, weightedF1 } from './confusion.js';
import { precisionRecall, type PrecisionRecall } from './precision_recall.js';
import type { Predictions } from './predictions.js';

/**
 * Everything that a test of at least one row tells; terms and edge cases as in scikit-learn, with zero_division 0. Throws
 * NumericError where the loss is not finite.
 */
export function reportOf(predictions: Predictions): ClassificationReport {
  const { numClasses, logits_NK, labels_N } = predictions;
  const score = scoreOf(tally(logits_NK, labels_N));
  if (!Number.isFinite(score.loss)) {
    throw new NumericError(
      'ERR_NOT_FINITE',
      `The loss of a test of ${labels_N.length} rows is not finite: the network's weights have grown too large. ` +
        'Train with a lower learning rate.',
    );
  }
  const confusion = confusionOf(predictions);
  const rates = classRates(confusion);
  const probabilities_NK = softmax(predictions);
  const curves = rates.map(({ support }, label) =>
    support === 0 ? null : curveOf(predictions, probabilities_NK, [label]),
  );
  const micro = curveOf(predictions, probabilities_NK, [...rates.keys()]);
  return {
    rows: labels_N.length,
    ...score,
    weighted_f1: weightedF1(rates),
    macro_f1: macroF1(rates),
    micro_average_precision: micro.averagePrecision,
    classes: rates.map(({ support, precision, recall, f1 }, label): ClassScore => ({
      class: label,
      support,
      precision,
      recall,
      f1,
      average_precision: curves[label]?.averagePrecision ?? null,
    })),
    confusion: rates.map((_, label) =>
      Array.from(confusion.counts_KK.subarray(label * numClasses, (label + 1) * numClasses)),
    ),
    curves: {
      classes: curves.map((curve): PrecisionRecallCurve | null => curve?.curve ?? null),
      micro: micro.curve,
    },
  };
}

/** Of each row of logits, in float64: [N, K]. */
function softmax({ logits_NK, numClasses }: Predictions): Float64Array {
  const probabilities_NK = new Float64Array(logits_NK.length);
  for (let first = 0; first < logits_NK.length; first += numClasses) {
    let largest = -Infinity;
    for (let at = first; at < first + numClasses; at++) largest = Math.max(largest, logits_NK[at]);
    let sum = 0;
    for (let at = first; at < first + numClasses; at++)
      sum += probabilities_NK[at] = Math.exp(logits_NK[at] - largest);
    for (let at = first; at < first + numClasses; at++) probabilities_NK[at] /= sum;
  }
  return probabilities_NK;
}

/** Of the questions whether a row is of a class, asked of every row for these classes. */
function curveOf(
  { labels_N, numClasses }: Predictions,
  probabilities_NK: Float64Array,
  classes: readonly number[],
): PrecisionRecall {
  const positives = new Float64Array(labels_N.length);
  const negatives = new Float64Array(labels_N.length * classes.length);
  let [numPositives, numNegatives] = [0, 0];
  for (let row = 0; row < labels_N.length; row++) {
    for (const label of classes) {
      const score = probabilities_NK[row * numClasses + label];
      if (label === labels_N[row]) positives[numPositives++] = score;
      else negatives[numNegatives++] = score;
    }
  }
  return precisionRecall(positives.subarray(0, numPositives), negatives.subarray(0, numNegatives));
}
