// Shape legend: N rows of a test, B rows of a message, K classes

/** What a test gave: a row of logits and the right class for every row. */
export interface Predictions {
  readonly numClasses: number;
  /** [N, K], row-major */
  readonly logits_NK: Float32Array;
  readonly labels_N: Int32Array;
}

/** Puts the messages of a test together. */
export function joinPredictions(parts: readonly Predictions[], numClasses: number): Predictions {
  const numRows = parts.reduce((sum, { labels_N }) => sum + labels_N.length, 0);
  const logits_NK = new Float32Array(numRows * numClasses);
  const labels_N = new Int32Array(numRows);
  let row = 0;
  for (const part of parts) {
    logits_NK.set(part.logits_NK, row * numClasses);
    labels_N.set(part.labels_N, row);
    row += part.labels_N.length;
  }
  return { numClasses, logits_NK, labels_N };
}

/** Class of the largest logit of a row, the first of equal ones. */
export function answerOf({ logits_NK, numClasses }: Predictions, row: number): number {
  const first = row * numClasses;
  let best = first;
  for (let at = first + 1; at < first + numClasses; at++) if (logits_NK[at] > logits_NK[best]) best = at;
  return best - first;
}
