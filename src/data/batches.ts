// Shape legend: B batch, C channels, H height, W width
import { randomPermutation, randomStream } from '../core/random.js';
import { numElements, type Shape, type Tensor } from '../core/shapes.js';
import type { Rows } from './dataset.js';
import type { Shard } from './splits/data_split.js';

/** In which order a client goes through its shard. */
export type RowOrder = 'shuffled' | 'in_order';

/** A client's rows in the order of one pass; drawn anew for every (seed, client, pass). */
export function passOrder(shard: Shard, order: RowOrder, seed: number, client: number, pass: number): Shard {
  if (order === 'in_order') return shard;
  return randomPermutation(shard.length, randomStream(seed, 'shuffle', client, pass)).map((at) => shard[at]);
}

/** Which batches of a shard are meant. */
export interface BatchRange {
  readonly firstPass: number;
  readonly numPasses: number;
  /** So many batches of these passes are left out. */
  readonly firstBatch: number;
  /** At most so many batches. */
  readonly numSteps: number;
}

/** How a client makes batches of its shard. */
export interface BatchOptions {
  readonly rowOrder: RowOrder;
  readonly batchSize: number;
  readonly seed: number;
}

/** Row numbers of every batch, pass after pass; the last batch of a pass may be smaller. */
export function* batchesOf(
  shard: Shard,
  client: number,
  { rowOrder, batchSize, seed }: BatchOptions,
  { firstPass, numPasses, firstBatch, numSteps }: BatchRange,
): Generator<Uint32Array, void> {
  const perPass = numBatches(shard.length, batchSize);
  const end = Math.min(firstBatch + numSteps, numPasses * perPass);
  let order: Shard | undefined;
  for (let batch = firstBatch; batch < end; batch++) {
    const inPass = batch % perPass;
    if (!order || inPass === 0)
      order = passOrder(shard, rowOrder, seed, client, firstPass + Math.floor(batch / perPass));
    yield order.subarray(inPass * batchSize, (inPass + 1) * batchSize);
  }
}

/** Number of batches in one pass; the last one may be smaller. */
export function numBatches(numRows: number, batchSize: number): number {
  return Math.ceil(numRows / batchSize);
}

/** How raw pictures become a network's input. */
export interface InputFormat {
  /** [C, H, W] of the raw picture */
  readonly picture: Shape;
  /** Pixels of background on each side. */
  readonly padding: number;
  /** Raw value of the background. */
  readonly background: number;
}

/** (p/255 - 0.5) / 0.5 of every byte, rounded once to float32. */
export const normalised = Float32Array.from({ length: 256 }, (_, value) => (value / 255 - 0.5) / 0.5);

/**
 * The pictures of these rows, padded and normalised to -1..1: [B, C, H + 2 padding, W + 2 padding]. Written over `spare` where that
 * has the size, so that a client in training needs no new buffer a batch.
 */
export function gatherPictures(
  { pictures }: Rows,
  rowNumbers: Uint32Array,
  format: InputFormat,
  spare?: Float32Array<ArrayBuffer>,
): Tensor {
  const [channels, height, width] = format.picture;
  const { padding, background } = format;
  const paddedWidth = width + 2 * padding;
  const shape = [rowNumbers.length, channels, height + 2 * padding, paddedWidth];
  const size = numElements(shape);
  const data = spare?.length === size ? spare : new Float32Array(size);
  if (padding > 0) data.fill(normalised[background]);
  const bytesPerPicture = channels * height * width;
  let to = padding * paddedWidth + padding;
  for (const row of rowNumbers) {
    let from = row * bytesPerPicture;
    for (let channel = 0; channel < channels; channel++) {
      for (let line = 0; line < height; line++) {
        normaliseLine(pictures, from, width, data, to);
        from += width;
        to += paddedWidth;
      }
      to += 2 * padding * paddedWidth;
    }
  }
  return { shape, data };
}

/** Four pixels a turn of the loop: half the time of one. */
function normaliseLine(
  pixels: Uint8Array,
  from: number,
  width: number,
  data: Float32Array,
  to: number,
): void {
  const table = normalised;
  let at = 0;
  for (; at + 4 <= width; at += 4) {
    data[to + at] = table[pixels[from + at]];
    data[to + at + 1] = table[pixels[from + at + 1]];
    data[to + at + 2] = table[pixels[from + at + 2]];
    data[to + at + 3] = table[pixels[from + at + 3]];
  }
  for (; at < width; at++) data[to + at] = table[pixels[from + at]];
}

/** The labels of these rows. */
export function gatherLabels({ labels }: Rows, rowNumbers: Uint32Array): Int32Array<ArrayBuffer> {
  return Int32Array.from(rowNumbers, (row) => labels[row]);
}
