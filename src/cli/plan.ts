import type { OptimizerConfig, RunConfig } from '../config/run_config.js';
import { ConfigError } from '../core/errors.js';
import { noProgress, type Progress } from '../core/progress.js';
import { countClasses, fingerprintOf, limitRows, type Dataset, type DatasetFacts } from '../data/dataset.js';
import { loadDataset } from '../data/registry.js';
import type { Partition } from '../data/splits/data_split.js';
import { OWN_ROWS, partition } from '../data/splits/registry.js';
import { stratifiedSample } from '../data/stratified.js';
import type { ComputeOptions } from '../engine/engine.js';
import { parseFaults, type Fault } from '../link/faults.js';
import type { OptimizerOptions } from '../engine/optimizer.js';
import { splitNetwork, type Network, type SplitNetwork } from '../models/network.js';
import { models } from '../models/registry.js';
import { nameOfVisit, scheduleOf, type Turn } from '../server/schedule.js';
import { schemes } from '../server/schemes/registry.js';
import type { Scheme } from '../server/schemes/scheme.js';
import { faultsOf } from './planned_faults.js';

/** What the server knows of the rows, which the clients have. */
export interface KnownRows {
  /** Also a data set that was read is one. */
  readonly dataset: DatasetFacts;
  /** Training rows of each client. */
  readonly shardSizes: readonly number[];
  /** Test rows of each client: the same for all, or its own. */
  readonly testSizes: readonly number[];
  readonly partition: Pick<Partition, 'numLeftOut' | 'whyLeftOut'>;
  /** Classes of which no test row is, by name. */
  readonly untestedClasses: readonly string[];
  /** Size of the sample of test rows on which forgetting is measured. */
  readonly numForgettingRows: number;
  /** SHA-256 of all training and test rows. */
  readonly dataSha256: () => string;
}

/** Everything that a configuration means, worked out before anything starts. */
export interface RunPlan extends KnownRows {
  readonly network: Network;
  readonly split: SplitNetwork;
  readonly scheme: Scheme;
  readonly schedule: readonly Turn[];
  /** The same without these visits too, as `client@round`. Throws ConfigError where none is left. */
  readonly scheduleWithout: (skippedVisits: readonly string[]) => readonly Turn[];
  readonly faults: readonly Fault[];
  /** Which of them have happened; shared by all threads. */
  readonly firedFaults: Int32Array<SharedArrayBuffer>;
  readonly numThreads: number | 'auto';
}

/** The rows themselves, where this process has those of all clients. */
export interface ReadRows {
  readonly dataset: Dataset;
  readonly partition: Partition;
  /** Row numbers of that sample. */
  readonly forgettingRows: Uint32Array<ArrayBuffer>;
}

/** A run all of whose clients live in this process. */
export type LocalPlan = RunPlan & ReadRows;

/**
 * Reads the data and works out who trains what when. Where each client has rows of its own, those read are of the client
 * `reader`. Throws ConfigError, DataError or ShapeError.
 */
export async function planRun(
  config: RunConfig,
  progress: Progress = noProgress,
  reader?: number,
): Promise<LocalPlan> {
  const dataset = await readRows(config, progress);
  const partition = partitionOf(config, dataset, reader);
  const { numClasses } = dataset.shape;
  const { labels } = dataset.test;
  const forgettingRows = stratifiedSample(labels, numClasses, config.forgetting_samples, config.seed);
  const testCounts = countClasses(labels, numClasses);
  const known = {
    dataset,
    partition,
    shardSizes: partition.shards.map(({ length }) => length),
    testSizes: partition.shards.map(() => dataset.test.numRows),
    untestedClasses: dataset.classNames.filter((_, label) => testCounts[label] === 0),
    numForgettingRows: forgettingRows.length,
    dataSha256: fingerprintOf(dataset),
  };
  return { ...planOf(config, known), dataset, partition, forgettingRows };
}

/** Works out who trains what when. Throws ConfigError or ShapeError. */
export function planOf(config: RunConfig, known: KnownRows): RunPlan {
  const { dataset, shardSizes } = known;
  const network = models[config.model](dataset.shape);
  const split = splitOf(config, network);
  const scheduleWithout = (skippedVisits: readonly string[]) =>
    scheduleFor(config, shardSizes, skippedVisits);
  const schedule = scheduleWithout([]);
  const scheme = schemes[config.mode];
  const faults = faultsOf(parseFaults(config.chaos), {
    scheme,
    schedule,
    hasOwnTests: config.data_split === OWN_ROWS,
    seed: config.seed,
    numClients: shardSizes.length,
  });
  const firedFaults = new Int32Array(new SharedArrayBuffer(4 * faults.length));
  return {
    ...known,
    network,
    split,
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

/**
 * Which client gets which of these rows; where a scheme joins them, one has them all, and where each client has rows of its own, `reader`.
 * Throws ConfigError.
 */
export function partitionOf(config: RunConfig, dataset: Dataset, reader?: number): Partition {
  const dealt = dealtRows(config, dataset, reader);
  if (!schemes[config.mode].joinsRows) return dealt;
  const all = Uint32Array.from(dealt.shards.flatMap((shard) => [...shard])).sort();
  return { ...dealt, shards: [all] };
}

function dealtRows(config: RunConfig, { train, shape }: Dataset, reader: number | undefined): Partition {
  const { n_workers: numClients, seed, data_split: split } = config;
  if (split === OWN_ROWS) {
    if (reader === undefined) throw noneDealt();
    const rowsOf = (client: number) =>
      Uint32Array.from({ length: client === reader ? train.numRows : 0 }, (_, row) => row);
    return { shards: Array.from({ length: numClients }, (_, client) => rowsOf(client)), ...noneLeftOut };
  }
  const { labels, writers } = train;
  const input = { labels, writers, numClasses: shape.numClasses, numClients, seed };
  return partition(split, input, {
    dirichletAlpha: config.dirichlet_alpha,
    classesPerClient: config.classes_per_client,
    samplesSigma: config.samples_sigma,
    minSamples: config.min_samples,
  });
}

function noneDealt(): ConfigError {
  return new ConfigError(
    'ERR_OWN_ROWS',
    'With `data_split` own every client has its rows on a host of its own, and no command can tell from here how many. Choose another ' +
      '`data_split`, which deals out as many.',
  );
}

const noneLeftOut = { numLeftOut: 0, whyLeftOut: '' };

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

/** How a run's heads and tails compute. */
export function computeOf(config: RunConfig): ComputeOptions {
  return { intraOpThreads: config.intra_op_threads, microBatches: config.micro_batches };
}

/** The optimiser that a part of the configuration describes. */
export function optimizerOf(config: OptimizerConfig): OptimizerOptions {
  const { name, lr, momentum, weight_decay: weightDecay, beta1, beta2, epsilon } = config;
  return name === 'sgd'
    ? { name, lr, momentum, weightDecay }
    : { name, lr, beta1, beta2, epsilon, weightDecay };
}
