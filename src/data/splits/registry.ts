import { ConfigError } from '../../core/errors.js';
import { splitByWriter } from './by_writer.js';
import type { DataSplit, Partition, SplitInput } from './data_split.js';
import { splitDirichlet, type DirichletOptions } from './dirichlet.js';
import { splitIid } from './iid.js';
import { splitNumClasses, type NumClassesOptions } from './num_classes.js';
import { splitNumSamples, type NumSamplesOptions } from './num_samples.js';

/** Options of all splits, each used by its own. */
export type SplitOptions = DirichletOptions & NumClassesOptions & NumSamplesOptions;

/** Every split by the name that `data_split` takes: adding one is adding its file and a line here. */
const splits = {
  iid: splitIid,
  dirichlet: splitDirichlet,
  num_classes: splitNumClasses,
  num_samples: splitNumSamples,
  by_writer: splitByWriter,
} satisfies Record<string, DataSplit<SplitOptions>>;

/** Every client has rows of its own already, so that nothing is dealt out. */
export const OWN_ROWS = 'own';

export type DealtSplitName = keyof typeof splits;
export const dealtSplitNames = Object.keys(splits) as DealtSplitName[];

export type DataSplitName = DealtSplitName | typeof OWN_ROWS;
export const dataSplitNames: readonly DataSplitName[] = [...dealtSplitNames, OWN_ROWS];

/** Gives every client its rows. Throws ConfigError where such a split of these rows does not exist. */
export function partition(name: DealtSplitName, input: SplitInput, options: SplitOptions): Partition {
  const { numClients, labels } = input;
  if (numClients > labels.length) {
    throw new ConfigError(
      'ERR_TOO_MANY_CLIENTS',
      `\`n_workers\` is ${numClients}, but there are only ${labels.length} training rows: every client needs one. ` +
        'Lower `n_workers`, or raise `max_samples`.',
    );
  }
  return splits[name](input, options);
}
