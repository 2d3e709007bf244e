// Shape legend: K classes
import { answerOf, type Predictions } from './predictions.js';

/** Numbers of rows: [true class, answer], row-major. */
export interface Confusion {
  readonly numClasses: number;
  readonly counts_KK: Uint32Array;
}

export function confusionOf(predictions: Predictions): Confusion {
  const { numClasses, labels_N } = predictions;
  const counts_KK = new Uint32Array(numClasses * numClasses);
  for (let row = 0; row < labels_N.length; row++)
    counts_KK[labels_N[row] * numClasses + answerOf(predictions, row)]++;
  return { numClasses, counts_KK };
}

/** How well one class is told from all others; a quotient of 0 by 0 is 0. */
export interface ClassRates {
  /** Rows of the class. */
  readonly support: number;
  /** Rows with the class as the answer. */
  readonly answered: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** Precision, recall and F1 = 2 tp / (support + answered) of every class. */
export function classRates({ numClasses, counts_KK }: Confusion): readonly ClassRates[] {
  return Array.from({ length: numClasses }, (_, label) => {
    let support = 0;
    let answered = 0;
    for (let other = 0; other < numClasses; other++) {
      support += counts_KK[label * numClasses + other];
      answered += counts_KK[other * numClasses + label];
    }
    const right = counts_KK[label * numClasses + label];
    const ratio = (whole: number) => (whole === 0 ? 0 : right / whole);
    const f1 = 2 * ratio(support + answered);
    return { support, answered, precision: ratio(answered), recall: ratio(support), f1 };
  });
}

/** Mean F1 over classes, weighted by their rows; 0 of no rows. */
export function weightedF1(rates: readonly ClassRates[]): number {
  const rows = rates.reduce((sum, { support }) => sum + support, 0);
  return rates.reduce((sum, { support, f1 }) => sum + (support / Math.max(rows, 1)) * f1, 0);
}

/** Mean F1 over the classes that occur, as a label or as an answer; 0 of no rows. */
export function macroF1(rates: readonly ClassRates[]): number {
  const seen = rates.filter(({ support, answered }) => support + answered > 0);
  return seen.reduce((sum, { f1 }) => sum + f1, 0) / Math.max(seen.length, 1);
}
