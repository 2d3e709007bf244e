import { ConfigError } from '../../core/errors.js';
import { randomStream } from '../../core/random.js';
import { groupRows, inRandomOrder } from '../row_groups.js';
import type { DataSplit } from './data_split.js';
import { cutEvenly } from './iid.js';

/**
 * Real writers, in random order, dealt to the clients: numbers of writers differ by one at most, numbers of rows as the
 * writers' do. All rows of a writer are at one client. Throws ConfigError where no writers are known, or too few.
 */
export const splitByWriter: DataSplit<object> = ({ writers, numClients, seed }) => {
  if (writers === undefined) {
    throw new ConfigError(
      'ERR_NO_WRITERS',
      '`data_split` by_writer needs a data set that says who wrote each row, and this one does not. ' +
        'Take `dataset` femnist, or another `data_split`.',
    );
  }
  const distinct = Uint32Array.from(new Set(writers)).sort();
  if (numClients > distinct.length) {
    throw new ConfigError(
      'ERR_TOO_FEW_WRITERS',
      `\`n_workers\` is ${numClients}, but the training rows are of ${distinct.length} writers, and ` +
        '`data_split` by_writer gives each client one at least. Lower `n_workers`, or raise `max_samples`.',
    );
  }
  const shuffled = inRandomOrder(distinct, randomStream(seed, 'partition', 'by_writer'));
  const clientOfWriter = new Map<number, number>();
  for (const [client, group] of cutEvenly(shuffled, numClients).entries())
    for (const writer of group) clientOfWriter.set(writer, client);
  const clients_N = Array.from(writers, (writer) => clientOfWriter.get(writer) ?? numClients);
  return { shards: groupRows(clients_N, numClients), numLeftOut: 0, whyLeftOut: '' };
};
