import type { OptimizerConfig, RunConfig } from '../config/run_config.js';
import { ConfigError } from '../core/errors.js';
import { noProgress, type Progress } from '../core/progress.js';
import { limitRows, type Dataset } from '../data/dataset.js';
import { loadDataset } from '../data/registry.js';
import type { Partition } from '../data/splits/data_split.js';
import { partition } from '../data/splits/registry.js';
import { stratifiedSample } from '../data/stratified.js';
import type { OptimizerOptions } from '../engine/optimizer.js';
import { splitNetwork, type Network, type SplitNetwork } from '../models/network.js';
import { models } from '../models/registry.js';
import { ringSchedule, type Visit } from '../server/ring_schedule.js';

/** Everything that a configuration means, worked out before anything starts. */
export interface RunPlan {
  readonly dataset: Dataset;
  readonly network: Network;
  readonly split: SplitNetwork;
  readonly partition: Partition;
  /** The sample of test rows on which forgetting is measured. */
  readonly forgettingRows: Uint32Array<ArrayBuffer>;
  readonly schedule: readonly Visit[];
  readonly numThreads: number | 'auto';
}

/** Reads the data and works out who trains what when. Throws ConfigError, DataError or ShapeError. */
export async function planRun(config: RunConfig, progress: Progress = noProgress): Promise<RunPlan> {
  const dataset = await readRows(config, progress);
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
  const clients = partitionOf(config, dataset);
  const forgettingRows = stratifiedSample(
    dataset.test.labels,
    dataset.shape.numClasses,
    config.forgetting_samples,
    config.seed,
  );
  const schedule = ringSchedule({
    numEpochs: config.n_epochs,
    localEpochs: config.local_epochs,
    batchSize: config.batch_size,
    shardSizes: clients.shards.map(({ length }) => length),
    maxSteps: config.max_steps,
  });
  return {
    dataset,
    network,
    split,
    partition: clients,
    forgettingRows,
    schedule,
    numThreads: config.n_threads,
  };
}

/** Which client gets which of these rows. Throws ConfigError. */
export function partitionOf(config: RunConfig, { train, shape }: Dataset): Partition {
  const { n_workers: numClients, seed } = config;
  const { labels, writers } = train;
  const input = { labels, writers, numClasses: shape.numClasses, numClients, seed };
  return partition(config.data_split, input, {
    dirichletAlpha: config.dirichlet_alpha,
    classesPerClient: config.classes_per_client,
    samplesSigma: config.samples_sigma,
    minSamples: config.min_samples,
  });
}

/** The data set of a run, with no more rows than `max_samples`. */
export async function readRows(config: RunConfig, progress: Progress): Promise<Dataset> {
  const dataset = await loadDataset(config.dataset, {
    dataDir: config.data_dir,
    datasetsDir: config.datasets_dir,
    mirror: config.data_mirror,
    progress,
  });
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
