import { datasetNames } from '../../data/registry.js';
import { dataSplitNames } from '../../data/splits/registry.js';
import { folder, integer, oneOf, optionalAddress, positive, real } from '../formats.js';
import type { RunConfig } from '../run_config.js';
import type { Schema } from './key_schema.js';

/** The rows, and which client gets which. */
export const dataKeys: Schema<
  Pick<
    RunConfig,
    | 'dataset'
    | 'data_dir'
    | 'datasets_dir'
    | 'data_mirror'
    | 'data_split'
    | 'dirichlet_alpha'
    | 'classes_per_client'
    | 'samples_sigma'
    | 'min_samples'
  >
> = {
  dataset: { doc: 'Data set.', format: oneOf(datasetNames), default: 'mnist', env: ['DATASET'] },
  data_dir: {
    doc: 'Folder with the files of the data set; empty for its usual place (mnist: embedded, others: under datasets_dir).',
    format: folder,
    default: '',
    env: ['DATA_DIR'],
  },
  datasets_dir: {
    doc: 'Where data sets are fetched to, and caches of them kept.',
    format: folder,
    default: 'datasets',
  },
  data_mirror: {
    doc: 'Address of a folder from which the files of a data set are fetched instead of the official one.',
    format: optionalAddress,
    default: '',
  },
  data_split: {
    doc: 'Which client gets which rows: at random, by class shares, by classes, in unequal numbers, or by writer (femnist); of link nats also own: each has rows of its own.',
    format: oneOf(dataSplitNames),
    default: 'iid',
  },
  dirichlet_alpha: {
    doc: 'Of data_split dirichlet: how even the shares of a class are; 0.1 gives most of a class to one client, 100 is nearly iid.',
    format: positive(),
    default: 0.5,
  },
  classes_per_client: {
    doc: 'Of data_split num_classes: so many classes each client has.',
    format: integer(1),
    default: 2,
  },
  samples_sigma: {
    doc: 'Of data_split num_samples: numbers of rows are drawn from a log-normal distribution with this sigma; 0 is even.',
    format: real(0),
    default: 1,
  },
  min_samples: {
    doc: 'Of data_split dirichlet and num_samples: no client has fewer rows; shares are drawn again until that holds.',
    format: integer(1),
    default: 10,
  },
} satisfies Partial<Schema<RunConfig>>;
