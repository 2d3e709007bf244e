/** Row numbers of one client. */
export type Shard = Uint32Array<ArrayBuffer>;

/** What a split may know of the training rows. */
export interface SplitInput {
  /** Class of every row. */
  readonly labels: Uint8Array;
  /** Writer of every row, by number; undefined where the data set has none. */
  readonly writers: Uint32Array | undefined;
  readonly numClasses: number;
  readonly numClients: number;
  readonly seed: number;
}

/** Who gets which rows. Every row is in one shard at most; no shard is empty. */
export interface Partition {
  /** By client number. Ascending, but for `iid`, which leaves them in the order in which they were dealt. */
  readonly shards: readonly Shard[];
  /** Rows that no client got, and why; 0 and empty where every row went to one. */
  readonly numLeftOut: number;
  readonly whyLeftOut: string;
}

/** A pure function of its input. Throws ConfigError where such a split of these rows does not exist. */
export type DataSplit<Options> = (input: SplitInput, options: Options) => Partition;
