import type { LoadRequest, StateReceipt } from '../../link/messages.js';
import type { Tail, TrainedTail } from '../tail.js';

/** The server's half, as a scheme has it: one tail, one a client, or none. */
export interface Tails {
  /** What trains with this client's batches; null where the clients have the whole network. */
  of(client: number): TrainedTail | null;
  /** The newest for everybody: what is tested. */
  newest(): Tail | null;
  /** These clients are about to train. */
  beginTurn(clients: readonly number[]): Promise<void>;
  /** They have, and count by these weights in a mean. */
  endTurn(clients: readonly number[], weights: readonly number[]): Promise<void>;
  /** Writes weights and optimisers to a file; null where there are none. */
  saveStates(path: string): Promise<SavedTails | null>;
  loadStates(file: LoadRequest): Promise<void>;
  /** Milliseconds that tails have computed for training since somebody asked last. */
  takeSpentMs(): Promise<number>;
  /** The newest weights; null where there are none. */
  exportWeights(): Promise<Float32Array<ArrayBuffer> | null>;
}

/** A file of tails, and the clients that have one of their own in it. */
export interface SavedTails extends StateReceipt {
  readonly clients: readonly number[];
}
