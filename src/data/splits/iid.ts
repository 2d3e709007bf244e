import { randomPermutation, randomStream } from '../../core/random.js';
import type { DataSplit, Shard } from './data_split.js';

/** Deals all rows in random order to the clients; sizes differ by one at most. */
export const splitIid: DataSplit<object> = ({ labels, numClients, seed }) => ({
  shards: partitionIid(labels.length, numClients, seed),
  numLeftOut: 0,
  whyLeftOut: '',
});

/** The rows 0 to numRows - 1, dealt in random order. */
export function partitionIid(numRows: number, numClients: number, seed: number): readonly Shard[] {
  return cutEvenly(randomPermutation(numRows, randomStream(seed, 'partition')), numClients);
}

/** Gives each client its run of consecutive rows; sizes differ by one at most. */
export function partitionInOrder(numRows: number, numClients: number): readonly Shard[] {
  return cutEvenly(
    Uint32Array.from({ length: numRows }, (_, row) => row),
    numClients,
  );
}

/** Cuts into consecutive runs whose lengths differ by one at most. */
export function cutEvenly(rows: Shard, numClients: number): readonly Shard[] {
  const begin = (client: number) => Math.floor((client * rows.length) / numClients);
  return Array.from({ length: numClients }, (_, client) => rows.slice(begin(client), begin(client + 1)));
}
