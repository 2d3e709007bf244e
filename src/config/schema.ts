import { datasetNames } from '../data/registry.js';
import { dataSplitNames } from '../data/splits/registry.js';
import { engineChoices } from '../engine/choice.js';
import { handoffs } from '../link/messages.js';
import { DEFAULT_CUT } from '../models/network.js';
import { modelNames } from '../models/registry.js';
import {
  address,
  autoOr,
  boolean,
  folder,
  integer,
  layer,
  listOf,
  nonEmptyText,
  oneOf,
  optionalAddress,
  positive,
  real,
  text,
  type Format,
} from './formats.js';
import {
  forgettingModes,
  logLevels,
  onClientLoss,
  wandbModes,
  type OptimizerConfig,
  type RunConfig,
} from './run_config.js';

/** One key: what it means, which values it takes, and its value where nothing else is said. */
export interface KeySchema<T> {
  readonly doc: string;
  readonly format: Format;
  readonly default: T;
  /** Names in the environment besides `BLOOM_...`. */
  readonly env?: readonly string[];
  /** Names as a flag besides the key's own. */
  readonly flags?: readonly string[];
  /** Never written to a file, a log or an error. */
  readonly sensitive?: boolean;
}

export type Schema<T> = {
  readonly [K in keyof T]: T[K] extends object ? Schema<T[K]> : KeySchema<T[K]>;
};

const optimizer = (side: string): Schema<OptimizerConfig> => ({
  name: { doc: `Optimiser of the ${side}, as in PyTorch.`, format: oneOf(['sgd', 'adam']), default: 'sgd' },
  lr: { doc: `Learning rate of the ${side}; Adam wants about 0.001.`, format: positive(), default: 0.01 },
  momentum: { doc: `Momentum of SGD in the ${side}.`, format: real(0, 1), default: 0.9 },
  weight_decay: {
    doc: `Weight decay of the ${side}, added to the gradient.`,
    format: real(0),
    default: 5e-4,
  },
  beta1: { doc: `Decay of Adam's first moment in the ${side}.`, format: real(0, 1), default: 0.9 },
  beta2: { doc: `Decay of Adam's second moment in the ${side}.`, format: real(0, 1), default: 0.999 },
  epsilon: { doc: `Added to Adam's denominator in the ${side}.`, format: positive(), default: 1e-8 },
});

/** Every option of a run. The only place where defaults stand; `config/base.yaml` repeats them for readers. */
export const schema: Schema<RunConfig> = {
  n_epochs: {
    doc: 'Passes over every shard.',
    format: integer(1),
    default: 5,
    env: ['EPOCHS'],
  },
  n_workers: {
    doc: 'Clients (data holders) in the ring.',
    format: integer(1),
    default: 4,
    env: ['WORKERS'],
    flags: ['num-workers'],
  },
  local_epochs: {
    doc: 'Passes in one visit of the ring; must divide n_epochs. 1 is the classical ring, n_epochs visits each client once.',
    format: integer(1),
    default: 1,
  },
  handoff: {
    doc: "What moves with the head: its optimiser's state too (then the ring equals the unsplit model), or its weights alone.",
    format: oneOf(handoffs),
    default: 'weights_and_optimizer',
  },
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
    doc: 'Which client gets which rows: at random, by class shares, by classes, in unequal numbers, or by writer (femnist).',
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
  model: { doc: 'Network.', format: oneOf(modelNames), default: 'lenet' },
  cut: {
    doc: 'Where the network is cut: name of the last layer of the head, or the number of its layers.',
    format: layer,
    default: DEFAULT_CUT,
  },
  batch_size: {
    doc: 'Rows in a batch; the last batch of a pass may be smaller.',
    format: integer(1, 65_536),
    default: 32,
  },
  optimizer: { head: optimizer('head'), tail: optimizer('tail') },
  seed: {
    doc: 'Every random draw follows from it.',
    format: integer(0),
    default: 0,
  },
  engine: {
    doc: 'What computes; auto: tensorflow where it is built and sees an NVIDIA GPU, else onnxruntime.',
    format: oneOf(engineChoices),
    default: 'auto',
    env: ['ENGINE'],
  },
  n_threads: {
    doc: 'Worker threads on which the clients live; auto: as many as GPUs are used, else as cores; never more than clients.',
    format: autoOr(integer(1, 1024)),
    default: 'auto',
  },
  devices: {
    doc: 'Devices that the worker threads share, comma-separated (gpu:0,gpu:2), or auto: all GPUs, else the processor.',
    format: nonEmptyText,
    default: 'auto',
  },
  tail_device: {
    doc: "Device of the server's tail, or auto: the last GPU, else the processor.",
    format: nonEmptyText,
    default: 'auto',
  },
  max_clients: {
    doc: 'A run with more clients is refused: a guard against a slip of the key.',
    format: integer(1),
    default: 64,
  },
  max_steps: {
    doc: 'Training ends after this many batches; 0 for no limit.',
    format: integer(0),
    default: 0,
  },
  max_samples: {
    doc: 'Only the first so many training rows, and test rows, are used; 0 for all.',
    format: integer(0),
    default: 0,
  },
  forgetting: {
    doc: 'When the newest head and tail are tested for the forgetting matrix; auto: every visit, above 20 clients every round.',
    format: oneOf(forgettingModes),
    default: 'auto',
  },
  forgetting_samples: {
    doc: 'Test rows of each such test: the same ones every time, each class by its share.',
    format: integer(1),
    default: 1000,
  },
  share_class_counts: {
    doc: 'Clients tell the server how many rows of each class they have; without it there is no forgetting matrix.',
    format: boolean,
    default: true,
  },
  skip_visits: {
    doc: 'Visits that are left out, comma-separated, as client@round, both from 0.',
    format: listOf(/^\d+@\d+$/, 'client@round'),
    default: '',
  },
  checkpoint_every: {
    doc: 'Steps between two checkpoints inside a visit; one is also due between visits.',
    format: integer(1),
    default: 500,
  },
  checkpoint_min_s: {
    doc: 'Seconds in which there are never two checkpoints.',
    format: real(0),
    default: 5,
  },
  keep_checkpoints: {
    doc: 'Checkpoints that are kept, besides the newest from before the current visit.',
    format: integer(1),
    default: 2,
  },
  on_client_loss: {
    doc: "Where a client's thread dies, hangs or lies: go back to the last checkpoint, or leave its visit out, or stop.",
    format: oneOf(onClientLoss),
    default: 'retry',
  },
  max_retries: {
    doc: 'Losses of clients in a run after which it stops, with its checkpoint.',
    format: integer(0),
    default: 3,
  },
  call_timeout_s: {
    doc: 'Seconds of wall time after which a client that does not answer counts as lost.',
    format: positive(),
    default: 120,
  },
  chaos: {
    doc: 'Faults on purpose, each once: kill=client2@step100, hang=..., nan=client0@step50, slow=client1:200ms, corrupt=handover3.',
    format: text,
    default: '',
  },
  plots: { doc: 'Draw plots and report.html at the end.', format: boolean, default: true },
  output_dir: { doc: 'Where run directories are made.', format: nonEmptyText, default: 'outputs' },
  log_level: { doc: 'What run.log tells.', format: oneOf(logLevels), default: 'info' },
  wandb: {
    track: {
      doc: 'Send the run to Weights & Biases (a process of its own sends it).',
      format: boolean,
      default: false,
    },
    key: {
      doc: 'API key of Weights & Biases.',
      format: text,
      default: '',
      env: ['WANDB_API_KEY'],
      sensitive: true,
    },
    mode: {
      doc: 'Mode of Weights & Biases.',
      format: oneOf(wandbModes),
      default: 'online',
      env: ['WANDB_MODE'],
    },
    project: {
      doc: 'Project of Weights & Biases.',
      format: nonEmptyText,
      default: 'bloom-split',
      env: ['WANDB_PROJECT'],
    },
    entity: { doc: 'Entity of Weights & Biases.', format: text, default: '', env: ['WANDB_ENTITY'] },
    group: { doc: 'Group of runs in Weights & Biases.', format: text, default: '', env: ['WANDB_RUN_GROUP'] },
    base_url: {
      doc: 'Address of the Weights & Biases server.',
      format: address,
      default: 'https://api.wandb.ai',
      env: ['WANDB_BASE_URL'],
    },
  },
};
