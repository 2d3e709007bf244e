// Shape legend: B batch, K classes
import type { Score, TestScore } from '../core/events.js';
import type { Tally } from '../core/tally.js';
import { classRates, confusionOf, weightedF1 } from './confusion.js';
import type { Predictions } from './predictions.js';

/**
 * Softmax cross-entropy -log softmax(logits)[label], summed over rows in float64, and the number of rows whose largest
 * logit (the first of equal ones) is the label's. `logits` is [B, K], row-major.
 */
export function tally(logits_BK: Float32Array, labels_B: Int32Array): Tally {
  const numClasses = logits_BK.length / labels_B.length;
  let lossSum = 0;
  let numCorrect = 0;
  for (let row = 0; row < labels_B.length; row++) {
    const first = row * numClasses;
    let best = first;
    for (let at = first + 1; at < first + numClasses; at++) if (logits_BK[at] > logits_BK[best]) best = at;
    let sum = 0;
    for (let at = first; at < first + numClasses; at++) sum += Math.exp(logits_BK[at] - logits_BK[best]);
    lossSum += Math.log(sum) + logits_BK[best] - logits_BK[first + labels_B[row]];
    if (best === first + labels_B[row]) numCorrect++;
  }
  return { rows: labels_B.length, lossSum, numCorrect };
}

/** Means over the rows of a tally. */
export function scoreOf({ rows, lossSum, numCorrect }: Tally): Score {
  return { loss: lossSum / rows, accuracy: numCorrect / rows };
}

/** Mean loss, accuracy and weighted F1 of a test. */
export function testScoreOf(predictions: Predictions): TestScore {
  const score = scoreOf(tally(predictions.logits_NK, predictions.labels_N));
  return { ...score, weighted_f1: weightedF1(classRates(confusionOf(predictions))) };
}
