import { batchesOf, gatherLabels, gatherPictures, type BatchRange } from '../data/batches.js';
import type { Shard } from '../data/splits/data_split.js';
import type { ThreadSetup } from '../link/setup.js';
import type { Batch } from './visit.js';

/**
 * A visit's batches, gathered when asked for. Their pictures lie in two buffers in turn: while a batch is under way the next can be
 * gathered, and the one after that takes the first one's place.
 */
export function* trainingBatches(
  client: number,
  shard: Shard,
  setup: ThreadSetup,
  range: BatchRange,
): Generator<Batch, void> {
  const { train, input } = setup;
  const buffers: (Float32Array<ArrayBuffer> | undefined)[] = [undefined, undefined];
  for (const rows of batchesOf(shard, client, setup, range)) {
    const x_BCHW = gatherPictures(train, rows, input, buffers.shift());
    buffers.push(x_BCHW.data);
    yield { x_BCHW, labels_B: gatherLabels(train, rows) };
  }
}
