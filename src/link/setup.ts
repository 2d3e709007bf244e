import type { MessagePort } from 'node:worker_threads';
import type { InputFormat, RowOrder } from '../data/batches.js';
import type { Fault } from './faults.js';
import type { Rows } from '../data/dataset.js';
import type { Shard } from '../data/splits/data_split.js';
import type { SegmentSpec } from '../engine/engine.js';
import type { EngineName } from '../engine/registry.js';

/** Everything a worker thread is told, once, at its start: the only message that carries pictures, in shared memory. */
export interface ThreadSetup {
  readonly thread: number;
  /** By client: the thread on which it lives, or -1 of one that lives in another process. */
  readonly threads: readonly number[];
  /** A port to every other thread, by its number; under -1 one to where parcels leave the process. */
  readonly peers: ReadonlyMap<number, MessagePort>;
  readonly engine: EngineName;
  /** What a client has: its head; in the U shape also the last layers; or one segment, the whole network. */
  readonly segments: readonly SegmentSpec[];
  readonly seed: number;
  readonly batchSize: number;
  readonly rowOrder: RowOrder;
  readonly input: InputFormat;
  readonly train: Rows;
  readonly test: Rows;
  /** Row numbers of the sample of test rows on which forgetting is measured. */
  readonly forgettingRows: Uint32Array<ArrayBuffer>;
  /** Clients tell how many rows of each class they have. */
  readonly sharesClassCounts: boolean;
  readonly numClasses: number;
  /** What is to go wrong on purpose, at all clients, and which of it has; the latter is shared by all threads. */
  readonly faults: readonly Fault[];
  readonly firedFaults: Int32Array<SharedArrayBuffer>;
  readonly clients: readonly ClientSetup[];
  /** By thread: the client whose call was the last to begin; -1 before the first. Shared by all. */
  readonly served: Int32Array<SharedArrayBuffer>;
}

export interface ClientSetup {
  readonly client: number;
  readonly shard: Shard;
}

/** The thread on which a client lives. */
export function threadOf(client: number, numThreads: number): number {
  return client % numThreads;
}
