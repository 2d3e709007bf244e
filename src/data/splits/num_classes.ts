import { ConfigError } from '../../core/errors.js';
import { randomPermutation, randomStream } from '../../core/random.js';
import { apportion, groupRows } from '../row_groups.js';
import type { DataSplit } from './data_split.js';
import { dealRows } from './deal.js';

export interface NumClassesOptions {
  readonly classesPerClient: number;
}

/**
 * Each client has rows of exactly `classesPerClient` classes, after McMahan et al., "Communication-efficient learning of
 * deep networks from decentralized data" (AISTATS 2017). The numbers of clients that have a class differ by one at most, and
 * its rows are dealt evenly over them; rows of a class that no client has are left out. Throws ConfigError where there are
 * fewer classes, or fewer rows of a class than clients that should have it.
 */
export const splitNumClasses: DataSplit<NumClassesOptions> = (input, { classesPerClient }) => {
  const { labels, numClasses, numClients, seed } = input;
  const rowsOfClass = groupRows(labels, numClasses);
  const present = [...rowsOfClass.keys()].filter((label) => rowsOfClass[label].length > 0);
  if (classesPerClient > present.length) {
    throw new ConfigError(
      'ERR_TOO_MANY_CLASSES',
      `\`classes_per_client\` is ${classesPerClient}, but the training rows are of ${present.length} classes. ` +
        'Lower `classes_per_client`, or raise `max_samples` where it leaves classes out.',
    );
  }
  const has_KC = rowsOfClass.map(() => new Uint8Array(numClients));
  const numHolders = rowsOfClass.map(() => 0);
  const stream = randomStream(seed, 'partition', 'num_classes', 'classes');
  for (let client = 0; client < numClients; client++) {
    // Those that fewest clients have so far, at random where equally few do: always distinct, always balanced.
    const shuffled = Array.from(randomPermutation(present.length, stream), (at) => present[at]);
    const chosen = shuffled.sort((a, b) => numHolders[a] - numHolders[b]).slice(0, classesPerClient);
    for (const label of chosen) {
      has_KC[label][client] = 1;
      numHolders[label]++;
    }
  }
  for (const label of present) checkEnough(label, rowsOfClass[label].length, numHolders[label]);
  const covered = present.filter((label) => numHolders[label] > 0);
  const groups = covered.map((label) => rowsOfClass[label]);
  const counts = covered.map((label) => apportion(has_KC[label], rowsOfClass[label].length));
  const numDealt = groups.reduce((sum, { length }) => sum + length, 0);
  return {
    shards: dealRows(input, 'num_classes', groups, counts),
    numLeftOut: labels.length - numDealt,
    whyLeftOut:
      covered.length === present.length
        ? ''
        : `\`n_workers\` ${numClients} times \`classes_per_client\` ${classesPerClient} is ${covered.length} of ${present.length} classes`,
  };
};

function checkEnough(label: number, numRows: number, numHolders: number): void {
  if (numRows >= numHolders) return;
  throw new ConfigError(
    'ERR_TOO_FEW_ROWS',
    `\`data_split\` num_classes gives class ${label} to ${numHolders} clients, but it has only ${numRows} training rows. ` +
      'Lower `n_workers` or `classes_per_client`, or raise `max_samples`.',
  );
}
