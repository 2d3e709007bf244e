import { randomPermutation, randomStream } from '../core/random.js';

/** Row numbers of one client. */
export type Shard = Uint32Array<ArrayBuffer>;

/** Deals all rows in random order to the clients; sizes differ by one at most. */
export function partitionIid(numRows: number, numClients: number, seed: number): readonly Shard[] {
  const order = randomPermutation(numRows, randomStream(seed, 'partition'));
  return cut(order, numClients);
}

/** Gives each client its run of consecutive rows; sizes differ by one at most. */
export function partitionInOrder(numRows: number, numClients: number): readonly Shard[] {
  return cut(
    Uint32Array.from({ length: numRows }, (_, row) => row),
    numClients,
  );
}

function cut(rows: Shard, numClients: number): readonly Shard[] {
  const begin = (client: number) => Math.floor((client * rows.length) / numClients);
  return Array.from({ length: numClients }, (_, client) => rows.slice(begin(client), begin(client + 1)));
}
