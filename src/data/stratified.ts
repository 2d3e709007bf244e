import { randomPermutation, randomStream } from '../core/random.js';

/**
 * A sample of rows in which each class has its share (rounded by largest remainder, the smaller class first where equal),
 * drawn by the seed, in the order of rows; all rows where there are no more than asked for.
 */
export function stratifiedSample(
  labels: Uint8Array,
  numClasses: number,
  numSamples: number,
  seed: number,
): Uint32Array<ArrayBuffer> {
  const rowsOfClass: number[][] = Array.from({ length: numClasses }, () => []);
  labels.forEach((label, row) => rowsOfClass[label].push(row));
  const wanted = Math.min(numSamples, labels.length);
  const exact = rowsOfClass.map(({ length }) => (length * wanted) / labels.length);
  const counts = exact.map(Math.floor);
  const missing = wanted - counts.reduce((sum, count) => sum + count, 0);
  const byRemainder = [...exact.keys()].sort(
    (a, b) => exact[b] - counts[b] - (exact[a] - counts[a]) || a - b,
  );
  for (const label of byRemainder.slice(0, missing)) counts[label]++;
  const sample = rowsOfClass.flatMap((rows, label) => {
    const order = randomPermutation(rows.length, randomStream(seed, 'forgetting', label));
    return Array.from(order.subarray(0, counts[label]), (at) => rows[at]);
  });
  return Uint32Array.from(sample).sort();
}
