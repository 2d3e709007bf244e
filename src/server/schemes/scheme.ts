/** Who trains when, and with what: what makes one scheme of split learning another one. */
export interface Scheme {
  /** A few words, and a sentence, for people. */
  readonly title: string;
  readonly story: string;
  /** In a round the clients train one after the other, or side by side: batch by batch, in lock-step. */
  readonly turns: 'one_by_one' | 'side_by_side';
  /** There is one head, handed over; or each client's own; or a mean after every round. */
  readonly heads: 'handed_over' | 'own' | 'averaged';
  /** The server has one tail; or one a client, with a mean after every round; or none: clients have the whole network. */
  readonly tails: 'one' | 'per_client' | 'none';
  /** All rows are one client's. */
  readonly joinsRows: boolean;
  /** In which order the server takes the batches of a local step, of which each of these clients has one. */
  readonly order: (clients: readonly number[], at: LocalStep) => readonly number[];
}

/** A batch of every client that has one left, in some round. */
export interface LocalStep {
  readonly seed: number;
  readonly round: number;
  /** Batches of each client before this one, in this round. */
  readonly localStep: number;
}

/** The order of most schemes: by client number. */
export const byNumber = (clients: readonly number[]): readonly number[] => clients;
