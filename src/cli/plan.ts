import type { OptimizerConfig, RunConfig } from '../config/run_config.js';
import { ConfigError } from '../core/errors.js';
import { noProgress, type Progress } from '../core/progress.js';
import { limitRows, type Dataset } from '../data/dataset.js';
import { loadDataset } from '../data/registry.js';
import type { Partition } from '../data/splits/data_split.js';
import { partition } from '../data/splits/registry.js';
import { stratifiedSample } from '../data/stratified.js';
import { parseFaults, type Fault } from '../link/faults.js';
import type { OptimizerOptions } from '../engine/optimizer.js';
import { splitNetwork, type Network, type SplitNetwork } from '../models/network.js';
import { models } from '../models/registry.js';
import { nameOfVisit, scheduleOf, type Turn } from '../server/schedule.js';
import { schemes } from '../server/schemes/registry.js';
import type { Scheme } from '../server/schemes/scheme.js';
import { faultsOf } from './planned_faults.js';

/** Everything that a configuration means, worked out before anything starts. */
export interface RunPlan {
  readonly dataset: Dataset;
  readonly network: Network;
  readonly split: SplitNetwork;
  readonly partition: Partition;
  /** The sample of test rows on which forgetting is measured. */
  readonly forgettingRows: Uint32Array<ArrayBuffer>;
  readonly scheme: Scheme;
  readonly schedule: readonly Turn[];
  /** The same without these visits too, as `client@round`. Throws ConfigError where none is left. */
  readonly scheduleWithout: (skippedVisits: readonly string[]) => readonly Turn[];
  readonly faults: readonly Fault[];
  /** Which of them have happened; shared by all threads. */
  readonly firedFaults: Int32Array<SharedArrayBuffer>;
  readonly numThreads: number | 'auto';
}

/** Reads the data and works out who trains what when. Throws ConfigError, DataError or ShapeError. */
export async function planRun(config: RunConfig, progress: Progress = noProgress): Promise<RunPlan> {
  const dataset = await readRows(config, progress);
  const network = models[config.model](dataset.shape);
  const split = splitOf(config, network);
  const clients = partitionOf(config, dataset);
  const forgettingRows = stratifiedSample(
    dataset.test.labels,
    dataset.shape.numClasses,
    config.forgetting_samples,
    config.seed,
  );
  const scheduleWithout = (skippedVisits: readonly string[]) =>
    scheduleFor(
      config,
      clients.shards.map(({ length }) => length),
      skippedVisits,
    );
  const schedule = scheduleWithout([]);
  const scheme = schemes[config.mode];
  const faults = faultsOf(parseFaults(config.chaos), {
    scheme,
    schedule,
    seed: config.seed,
    numClients: clients.shards.length,
  });
  const firedFaults = new Int32Array(new SharedArrayBuffer(4 * faults.length));
  return {
    dataset,
    network,
    split,
    partition: clients,
    forgettingRows,
    scheme,
    schedule,
    scheduleWithout,
    faults,
    firedFaults,
    numThreads: config.n_threads,
  };
}

/** Who trains when, without these visits too, as `client@round`. Throws ConfigError where none is left, or `skip_visits` names none. */
export function scheduleFor(
  config: RunConfig,
  shardSizes: readonly number[],
  skippedVisits: readonly string[],
): readonly Turn[] {
  const asked = config.skip_visits.split(',').filter((visit) => visit !== '');
  const options = {
    scheme: schemes[config.mode],
    numEpochs: config.n_epochs,
    localEpochs: config.local_epochs,
    batchSize: config.batch_size,
    shardSizes,
    clientFraction: config.client_fraction,
    seed: config.seed,
    maxSteps: config.max_steps,
  };
  refuseUnknown(asked, scheduleOf({ ...options, maxSteps: 0, skippedVisits: [] }), config);
  const schedule = scheduleOf({ ...options, skippedVisits: [...asked, ...skippedVisits] });
  if (schedule.length === 0) {
    throw new ConfigError(
      'ERR_NO_VISIT',
      `Every visit of this run is left out (${[...asked, ...skippedVisits].join(', ')}): nothing is left to train.`,
    );
  }
  return schedule;
}

/** Throws ConfigError where a visit to be left out is none of the schedule. */
function refuseUnknown(asked: readonly string[], schedule: readonly Turn[], config: RunConfig): void {
  const planned = new Set(
    schedule.flatMap(({ round, visits }) => visits.map(({ client }) => nameOfVisit(client, round))),
  );
  const unknown = asked.filter((visit) => !planned.has(visit));
  if (unknown.length === 0) return;
  throw new ConfigError(
    'ERR_CONFIG_VALUE',
    `\`skip_visits\` names ${unknown.join(', ')}, but this run has no such visit: it has ${config.n_epochs / config.local_epochs} rounds ` +
      `and ${config.n_workers} clients, both numbered from 0` +
      (config.client_fraction < 1 ? ', and not every client is drawn for a round' : '') +
      '. Name visits that it has.',
    { visits: unknown.join() },
  );
}

/** Which side has which layers. Throws ConfigError. */
export function splitOf(config: RunConfig, network: Network): SplitNetwork {
  return splitNetwork(network, config.cut, config.u_shaped ? config.cut_back : undefined);
}

/** Which client gets which of these rows; where a scheme joins them, one has them all. Throws ConfigError. */
export function partitionOf(config: RunConfig, dataset: Dataset): Partition {
  const dealt = dealtRows(config, dataset);
  if (!schemes[config.mode].joinsRows) return dealt;
  const all = Uint32Array.from(dealt.shards.flatMap((shard) => [...shard])).sort();
  return { ...dealt, shards: [all] };
}

function dealtRows(config: RunConfig, { train, shape }: Dataset): Partition {
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
