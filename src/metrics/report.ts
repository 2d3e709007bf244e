// Shape legend: N rows of a test, K classes
import type { ClassificationReport, ClassScore, PrecisionRecallCurve } from '../core/evaluation.js';
import { scoreOf, tally } from './classification.js';
import { classRates, confusionOf, macroF1, weightedF1 } from './confusion.js';
import { precisionRecall, type PrecisionRecall } from './precision_recall.js';
import type { Predictions } from './predictions.js';

/** Everything that a test tells; terms and edge cases as in scikit-learn, with zero_division 0. Needs a row at least. */
export function reportOf(predictions: Predictions): ClassificationReport {
  const { numClasses, logits_NK, labels_N } = predictions;
  const confusion = confusionOf(predictions);
  const rates = classRates(confusion);
  const probabilities_NK = softmax(predictions);
  const curves = rates.map((_, label) => classCurve(probabilities_NK, labels_N, numClasses, label));
  const micro = microCurve(probabilities_NK, labels_N, numClasses);
  return {
    rows: labels_N.length,
    ...scoreOf(tally(logits_NK, labels_N)),
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

/** One class against all others. */
function classCurve(
  probabilities_NK: Float64Array,
  labels_N: Int32Array,
  numClasses: number,
  label: number,
): PrecisionRecall | null {
  const isPositive = (_: unknown, row: number) => labels_N[row] === label;
  const scores_N = Float64Array.from(labels_N, (_, row) => probabilities_NK[row * numClasses + label]);
  return precisionRecall(
    scores_N.filter(isPositive),
    scores_N.filter((score, row) => !isPositive(score, row)),
  );
}

/** Every (row, class) pair is one question. */
function microCurve(
  probabilities_NK: Float64Array,
  labels_N: Int32Array,
  numClasses: number,
): PrecisionRecall {
  const isPositive = (at: number) => at % numClasses === labels_N[Math.floor(at / numClasses)];
  const curve = precisionRecall(
    Float64Array.from(labels_N, (label, row) => probabilities_NK[row * numClasses + label]),
    probabilities_NK.filter((_, at) => !isPositive(at)),
  );
  if (!curve) throw new RangeError('A test of no rows has no precision-recall curve.');
  return curve;
}
