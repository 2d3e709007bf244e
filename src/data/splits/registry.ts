import type { DataSplit, Partition, SplitInput } from './data_split.js';
import { splitIid } from './iid.js';

/** Options of all splits, each used by its own. */
export interface SplitOptions {
  readonly dirichletAlpha: number;
  readonly classesPerClient: number;
  readonly samplesSigma: number;
  /** No client has fewer rows, where a split draws their numbers. */
  readonly minSamples: number;
}

/** Every split by the name that `data_split` takes: adding one is adding its file and a line here. */
const splits = {
  iid: splitIid,
} satisfies Record<string, DataSplit<SplitOptions>>;

export type DataSplitName = keyof typeof splits;
export const dataSplitNames = Object.keys(splits) as DataSplitName[];

/** Gives every client its rows. Throws ConfigError where such a split of these rows does not exist. */
export function partition(name: DataSplitName, input: SplitInput, options: SplitOptions): Partition {
  return splits[name](input, options);
}
