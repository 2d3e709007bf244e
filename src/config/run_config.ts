import type { DatasetName } from '../data/registry.js';
import type { DataSplitName } from '../data/splits/registry.js';
import type { EngineChoice } from '../engine/choice.js';
import type { Handoff } from '../link/messages.js';
import type { OptimizerMean } from '../engine/mean_state.js';
import type { Mode } from '../server/schemes/registry.js';
import type { ModelName } from '../models/registry.js';

/** Everything that decides a run: complete and frozen. Keys are spelled as in YAML; `schema/` says what each means. */
export interface RunConfig {
  readonly mode: Mode;
  readonly parallel_training: boolean;
  readonly u_shaped: boolean;
  readonly cut_back: string;
  readonly client_fraction: number;
  readonly splitfed_optimizer: OptimizerMean;
  readonly n_epochs: number;
  readonly n_workers: number;
  readonly local_epochs: number;
  readonly handoff: Handoff;
  readonly dataset: DatasetName;
  readonly data_dir: string;
  readonly datasets_dir: string;
  readonly data_mirror: string;
  readonly data_split: DataSplitName;
  readonly dirichlet_alpha: number;
  readonly classes_per_client: number;
  readonly samples_sigma: number;
  readonly min_samples: number;
  readonly model: ModelName;
  readonly cut: string;
  readonly batch_size: number;
  readonly optimizer: {
    readonly head: OptimizerConfig;
    readonly tail: OptimizerConfig;
  };
  readonly seed: number;
  readonly engine: EngineChoice;
  readonly n_threads: number | 'auto';
  readonly devices: string;
  readonly tail_device: string;
  readonly intra_op_threads: number;
  readonly micro_batches: number;
  readonly max_clients: number;
  readonly max_steps: number;
  readonly max_samples: number;
  readonly forgetting: ForgettingMode;
  readonly forgetting_samples: number;
  readonly share_class_counts: boolean;
  readonly plots: boolean;
  readonly skip_visits: string;
  readonly checkpoint_every: number;
  readonly checkpoint_min_s: number;
  readonly keep_checkpoints: number;
  readonly on_client_loss: OnClientLoss;
  readonly max_retries: number;
  readonly call_timeout_s: number;
  readonly chaos: string;
  readonly link: LinkName;
  readonly rejoin_timeout_s: number;
  readonly nats: {
    readonly url: string;
    readonly peers: string;
    readonly key_file: string;
    readonly ca_file: string;
  };
  readonly output_dir: string;
  readonly log_level: LogLevel;
  readonly wandb: {
    readonly track: boolean;
    readonly key: string;
    readonly mode: WandbMode;
    readonly project: string;
    readonly entity: string;
    readonly group: string;
    readonly base_url: string;
  };
}

export interface OptimizerConfig {
  readonly name: 'sgd' | 'adam';
  readonly lr: number;
  readonly momentum: number;
  readonly weight_decay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export const linkNames = ['threads', 'nats'] as const;
export type LinkName = (typeof linkNames)[number];

export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

export const wandbModes = ['online', 'offline', 'disabled'] as const;
export type WandbMode = (typeof wandbModes)[number];

/** When the newest head and tail are tested for what earlier clients taught them; auto: every visit up to 20 clients. */
export const forgettingModes = ['auto', 'every_visit', 'every_round', 'off'] as const;
export type ForgettingMode = (typeof forgettingModes)[number];

/** What a run does where a client's thread dies, hangs or lies. */
export const onClientLoss = ['retry', 'skip', 'stop'] as const;
export type OnClientLoss = (typeof onClientLoss)[number];
