import { datasetNames } from '../data/registry.js';
import { engineNames } from '../engine/registry.js';
import { handoffs } from '../link/messages.js';
import { DEFAULT_CUT } from '../models/network.js';
import { modelNames } from '../models/registry.js';
import {
  autoOr,
  boolean,
  integer,
  layer,
  nonEmptyText,
  oneOf,
  positive,
  real,
  text,
  type Format,
} from './formats.js';
import { logLevels, wandbModes, type OptimizerConfig, type RunConfig } from './run_config.js';

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
    doc: 'Folder with the files of the data set; empty for its usual place (mnist: embedded).',
    format: text,
    default: '',
    env: ['DATA_DIR'],
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
  engine: { doc: 'What computes.', format: oneOf(engineNames), default: 'onnxruntime', env: ['ENGINE'] },
  n_threads: {
    doc: 'Worker threads on which the clients live; auto: as many as cores, and no more than clients.',
    format: autoOr(integer(1, 1024)),
    default: 'auto',
  },
  devices: {
    doc: 'Devices of the worker threads, comma-separated, or auto.',
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
  output_dir: { doc: 'Where run directories are made.', format: nonEmptyText, default: 'outputs' },
  log_level: { doc: 'What run.log tells.', format: oneOf(logLevels), default: 'info' },
  wandb: {
    track: {
      doc: 'Send the run to Weights & Biases (not yet in this version).',
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
      format: text,
      default: 'bloom-split',
      env: ['WANDB_PROJECT'],
    },
    entity: { doc: 'Entity of Weights & Biases.', format: text, default: '', env: ['WANDB_ENTITY'] },
  },
};
