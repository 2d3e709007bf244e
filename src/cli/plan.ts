import { availableParallelism } from 'node:os';
import type { OptimizerConfig, RunConfig } from '../config/run_config.js';
import { ConfigError } from '../core/errors.js';
import { limitRows, type Dataset } from '../data/dataset.js';
import { partitionIid, type Shard } from '../data/partition.js';
import { loadDataset } from '../data/registry.js';
import type { OptimizerOptions } from '../engine/optimizer.js';
import { splitNetwork, type Network, type SplitNetwork } from '../models/network.js';
import { models } from '../models/registry.js';
import { ringSchedule, type Visit } from '../server/ring_schedule.js';

/** Everything that a configuration means, worked out before anything starts. */
export interface RunPlan {
  readonly dataset: Dataset;
  readonly network: Network;
  readonly split: SplitNetwork;
  readonly shards: readonly Shard[];
  readonly schedule: readonly Visit[];
  readonly numThreads: number;
}

/** Reads the data and works out who trains what when. Throws ConfigError, DataError or ShapeError. */
export async function planRun(config: RunConfig): Promise<RunPlan> {
  const dataset = await readRows(config);
  const network = models[config.model](dataset.shape);
  const split = splitNetwork(network, config.cut);
  const { n_workers: numClients } = config;
  if (numClients > dataset.train.numRows) {
    throw new ConfigError(
      'ERR_TOO_MANY_CLIENTS',
      `\`n_workers\` is ${numClients}, but there are only ${dataset.train.numRows} training rows: every client needs one. ` +
        'Lower `n_workers`, or raise `max_samples`.',
    );
  }
  const shards = partitionIid(dataset.train.numRows, numClients, config.seed);
  const schedule = ringSchedule({
    numEpochs: config.n_epochs,
    localEpochs: config.local_epochs,
    batchSize: config.batch_size,
    shardSizes: shards.map(({ length }) => length),
    maxSteps: config.max_steps,
  });
  const wantedThreads = config.n_threads === 'auto' ? availableParallelism() : config.n_threads;
  return { dataset, network, split, shards, schedule, numThreads: Math.min(wantedThreads, numClients) };
}

/** The data set of a run, with no more rows than `max_samples`. */
export async function readRows(config: RunConfig): Promise<Dataset> {
  const dataset = await loadDataset(config.dataset, config.data_dir);
  return {
    ...dataset,
    train: limitRows(dataset.train, config.max_samples),
    test: limitRows(dataset.test, config.max_samples),
  };
}

/** The optimiser that a part of the configuration describes. */
export function optimizerOf(config: OptimizerConfig): OptimizerOptions {
  const { name, lr, momentum, weight_decay: weightDecay, beta1, beta2, epsilon } = config;
  return name === 'sgd'
    ? { name, lr, momentum, weightDecay }
    : { name, lr, beta1, beta2, epsilon, weightDecay };
}
