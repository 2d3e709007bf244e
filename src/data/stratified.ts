import { randomStream } from '../core/random.js';
import { apportion, groupRows, inRandomOrder } from './row_groups.js';

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
  const rowsOfClass = groupRows(labels, numClasses);
  const counts = apportion(
    rowsOfClass.map(({ length }) => length),
    Math.min(numSamples, labels.length),
  );
  const sample = rowsOfClass.flatMap((rows, label) => [
    ...inRandomOrder(rows, randomStream(seed, 'forgetting', label)).subarray(0, counts[label]),
  ]);
  return Uint32Array.from(sample).sort();
}
