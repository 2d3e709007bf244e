import { randomPermutation, randomStream } from '../../core/random.js';

/** The rows that were read, in the order of the source. */
export interface SourceRows {
  /** Index into `names`. */
  readonly writers: Uint32Array;
  readonly names: readonly string[];
  /** 1 for a row of the source's own test split; undefined where it has no split. */
  readonly isTest?: Uint8Array | undefined;
}

/** Row numbers of the source by (writer, order in the source), writers in the order of their names. */
export interface SplitRows {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
  /** Number of each writer, in the order of all names. */
  readonly rankOf: Uint32Array;
}

/**
 * Numbers the writers in the order of their names and parts the rows into train and test: as the source does, else by holding out a
 * tenth of each writer's rows (rounded; at least one of two or more, none of one). What is held out depends on the writer's name and
 * number of rows alone, so that runs with other seeds are tested on the same rows.
 */
export function splitByWriter({ writers, names, isTest }: SourceRows): SplitRows {
  const byName = Array.from(names.keys()).sort((a, b) => (names[a] < names[b] ? -1 : 1));
  const rankOf = new Uint32Array(names.length);
  byName.forEach((writer, rank) => (rankOf[writer] = rank));
  const test = isTest?.slice() ?? new Uint8Array(writers.length);

  const rows = new Uint32Array(writers.length);
  const starts = new Uint32Array(names.length + 1);
  for (const writer of writers) starts[rankOf[writer] + 1]++;
  for (let rank = 0; rank < names.length; rank++) starts[rank + 1] += starts[rank];
  const next = starts.slice();
  writers.forEach((writer, row) => (rows[next[rankOf[writer]]++] = row));

  if (!isTest)
    for (const [rank, writer] of byName.entries()) {
      const own = rows.subarray(starts[rank], starts[rank + 1]);
      for (const at of heldOut(names[writer], own.length)) test[own[at]] = 1;
    }
  return {
    train: rows.filter((row) => test[row] === 0),
    test: rows.filter((row) => test[row] === 1),
    rankOf,
  };
}

function heldOut(name: string, numRows: number): Uint32Array {
  const count = numRows < 2 ? 0 : Math.max(1, Math.round(numRows / 10));
  return randomPermutation(numRows, randomStream(0, 'holdout', name)).subarray(0, count);
}
