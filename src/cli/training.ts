import type { RunConfig } from '../config/run_config.js';
import {
  BloomError,
  ClientLostError,
  InterruptedError,
  messageOf,
  ProtocolError,
  ShapeError,
} from '../core/errors.js';
import type { TrainEvent, TrainResult } from '../core/events.js';
import { initialWeights } from '../models/init.js';
import { forgetAfter, newestCheckpoint, type Checkpoint } from '../server/checkpoint.js';
import { Checkpointer, isBefore } from '../server/checkpointer.js';
import { startOfRing, stepsDone, type RingProgress } from '../server/ring_progress.js';
import { nameOfVisit, type Visit } from '../server/ring_schedule.js';
import { trainRing } from '../server/trainer.js';
import { openCluster, type Cluster } from './cluster.js';
import { askClassCounts, forgettingTests } from './evaluations.js';
import { optimizerOf, type RunPlan } from './plan.js';
import type { RunRecord } from './run_record.js';

/** A training that outlives the loss of clients. */
export interface DurableTraining {
  readonly config: RunConfig;
  readonly plan: RunPlan;
  readonly record: RunRecord;
  readonly checkpointFolder: string;
  /** Where it goes on from; undefined for fresh weights. */
  readonly start: Checkpoint | undefined;
  readonly dataSha256: () => string;
  readonly versions: Readonly<Record<string, string>>;
  /** Told of every loss of a client, and of damaged checkpoints. */
  readonly warn: (message: string) => void;
  readonly interruptedBy: () => string | undefined;
  /** Called while the clients still live: they write what they have. */
  readonly save: (cluster: Cluster, holder: number) => Promise<void>;
}

/** What came of it. */
export interface Trained {
  readonly result: TrainResult;
  readonly classCounts: readonly (readonly number[])[] | null;
  /** As `client@round`. */
  readonly skippedVisits: readonly string[];
}

/** Starts the threads of a run. */
export function openTrainingCluster(config: RunConfig, plan: RunPlan): Promise<Cluster> {
  return openCluster({
    ...plan,
    shards: plan.partition.shards,
    sharesClassCounts: config.share_class_counts,
    callTimeoutMs: config.call_timeout_s * 1000,
    rowOrder: 'shuffled',
    batchSize: config.batch_size,
    seed: config.seed,
    engine: config.engine,
    devices: config.devices,
    tailDevice: config.tail_device,
    headOptimizer: optimizerOf(config.optimizer.head),
    tailOptimizer: optimizerOf(config.optimizer.tail),
    tailWeights: initialWeights(plan.split.tail.layers, config.seed),
  });
}

/**
 * Trains to the end on `cluster`, which becomes its own. Where a client is lost, `on_client_loss` says what happens: training
 * goes back to a checkpoint on fresh threads, with or without the visit that failed, or it stops. Events since that checkpoint
 * come again then. Throws what stopped the run; a checkpoint is left where one was due.
 */
export async function* trainDurably(
  training: DurableTraining,
  first: Cluster,
): AsyncGenerator<TrainEvent, Trained> {
  const { config, plan, record } = training;
  let cluster = first;
  let start = training.start;
  let skippedVisits = start?.skippedVisits ?? [];
  for (let generation = 0; ; generation++) {
    const schedule = plan.scheduleWithout(skippedVisits);
    let reached = start?.progress ?? startOfRing(schedule, config.n_workers);
    let failure: unknown;
    try {
      const attempt = { ...training, start, skippedVisits, schedule, generation };
      return yield* trainOnce(attempt, cluster, (progress) => (reached = progress));
    } catch (error) {
      failure = error;
      // At once: to end a thread that hangs takes a while.
      if (isClientLoss(error)) record.log.error(messageOf(error));
    } finally {
      await closeAfter(failure, cluster);
    }
    const { on_client_loss: policy, max_retries: maxRetries } = config;
    if (!isClientLoss(failure) || policy === 'stop') throw failure;
    if (generation >= maxRetries) throw tooManyLosses(failure, generation + 1);
    const signal = training.interruptedBy();
    if (signal !== undefined) throw stoppedInstead(signal, failure);
    const failed = policy === 'skip' ? failedVisit(schedule, reached, failure) : undefined;
    if (failed !== undefined) skippedVisits = [...skippedVisits, nameOfVisit(schedule[failed])];
    start = await newestCheckpoint(
      training.checkpointFolder,
      ({ progress }) => failed === undefined || isBefore(progress, failed),
      training.warn,
    );
    const outcome = failed === undefined ? '' : ` The visit ${nameOfVisit(schedule[failed])} is left out.`;
    training.warn(`${messageOf(failure)}${outcome}`);
    await forgetAfter(training.checkpointFolder, start);
    await record.rewind(rewindTo(start));
    cluster = await openTrainingCluster(config, plan);
  }
}

/** Ends the threads; where that fails, the error also says what happened before. */
async function closeAfter(failure: unknown, cluster: Cluster): Promise<void> {
  try {
    await cluster.close();
  } catch (error) {
    if (failure !== undefined && error instanceof BloomError)
      error.message = `${messageOf(failure)} ${error.message}`;
    throw error;
  }
}

interface Attempt extends DurableTraining {
  readonly skippedVisits: readonly string[];
  readonly schedule: readonly Visit[];
  readonly generation: number;
}

async function* trainOnce(
  attempt: Attempt,
  cluster: Cluster,
  onRest: (progress: RingProgress) => void,
): AsyncGenerator<TrainEvent, Trained> {
  const { config, plan, record, start, schedule, skippedVisits, generation } = attempt;
  const { links, tail } = cluster;
  const beginning = start?.progress ?? startOfRing(schedule, links.length);
  await restore(cluster, start, beginning);
  const classCounts = await askClassCounts(links);
  const checkpointer = new Checkpointer(
    {
      folder: attempt.checkpointFolder,
      policy: {
        everySteps: config.checkpoint_every,
        minMs: config.checkpoint_min_s * 1000,
        keep: config.keep_checkpoints,
      },
      schedule,
      skippedVisits,
      dataSha256: attempt.dataSha256,
      versions: attempt.versions,
      lengths: () => record.lengths(),
      onWritten: ({ steps }) => record.log.info('checkpoint', { steps }),
      interruptedBy: attempt.interruptedBy,
      now: () => performance.now(),
    },
    stepsDone(schedule, beginning),
  );
  const parts = {
    links,
    tail,
    schedule,
    handoff: config.handoff,
    generation,
    shardSizes: plan.partition.shards.map(({ length }) => length),
    numTestRows: plan.dataset.test.numRows,
    forgetting: forgettingTests(config, plan.forgettingRows.length),
    rest: async (progress: RingProgress) => {
      onRest(progress);
      await checkpointer.rest(cluster, progress);
    },
  };
  const result = yield* trainRing(parts, beginning);
  await attempt.save(cluster, schedule[schedule.length - 1].client);
  return { result, classCounts, skippedVisits };
}

/** Gives both sides the states of a checkpoint, or the first head to the client that is due. */
async function restore(
  { links, tail }: Cluster,
  checkpoint: Checkpoint | undefined,
  { holder }: RingProgress,
): Promise<void> {
  if (!checkpoint) {
    await links[holder].createHead({ generation: 0, step: 0 });
    return;
  }
  await Promise.all([links[holder].loadState(checkpoint.head), tail.loadState(checkpoint.tail)]);
}

/** Its thread ended, did not answer, threw, or sent what cannot be. */
function isClientLoss(error: unknown): boolean {
  return error instanceof ClientLostError || error instanceof ProtocolError || error instanceof ShapeError;
}

/** Place in the schedule of the visit that failed: the newest one, up to the one under way, of the client that is to blame. */
function failedVisit(schedule: readonly Visit[], { visit }: RingProgress, error: unknown): number {
  const { client, to } = error instanceof BloomError ? error.details : {};
  const blamed = to ?? client;
  const current = Math.min(visit, schedule.length - 1);
  const found = schedule.findLastIndex((each, index) => index <= current && each.client === blamed);
  return found < 0 ? current : found;
}

/** How far a record goes back for a checkpoint; to its beginning where there is none. */
export function rewindTo(checkpoint: Checkpoint | undefined): {
  lengths: Readonly<Record<string, number>>;
  steps: number;
  rows: number;
} {
  if (!checkpoint) return { lengths: {}, steps: 0, rows: 0 };
  const { lengths, steps, progress } = checkpoint;
  return { lengths, steps, rows: progress.inAll.rows + progress.inVisit.rows };
}

/** Nobody waits for another attempt. */
function stoppedInstead(signal: string, failure: unknown): InterruptedError {
  return new InterruptedError('ERR_INTERRUPTED', `Stopped by ${signal}. ${messageOf(failure)}`, { signal });
}

function tooManyLosses(error: unknown, numLosses: number): BloomError {
  return new ClientLostError(
    'ERR_TOO_MANY_LOSSES',
    `${messageOf(error)} It was loss number ${numLosses} of this run, more than \`max_retries\` allows.`,
    {},
    { cause: error },
  );
}
