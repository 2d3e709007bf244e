import type { RunConfig } from '../config/run_config.js';
import { BloomError, InterruptedError, messageOf } from '../core/errors.js';
import type { CostsSoFar, CostsSummary } from '../core/costs.js';
import type { SavedWeights, TrainEvent, TrainResult } from '../core/events.js';
import { OWN_ROWS } from '../data/splits/registry.js';
import type { Link } from '../link/link.js';
import { forgetAfter, newestCheckpoint, type Checkpoint, type SavedStates } from '../server/checkpoint.js';
import { Checkpointer, isBefore } from '../server/checkpointer.js';
import { rowsDone, startOf, stepsDone, type Progress } from '../server/progress.js';
import { protocolOf } from '../server/protocols/registry.js';
import type { Turn } from '../server/schedule.js';
import { train } from '../server/trainer.js';
import type { Cluster } from './cluster.js';
import type { RunClients } from './hosts/client_side.js';
import { askClassCounts, forgettingTests } from './evaluations.js';
import { failedVisit, isClientLoss, longOver, tooManyLosses } from './client_loss.js';
import type { RunPlan } from './plan.js';
import { bytesOf, RunCosts, summaryOfCosts } from './run_costs.js';
import type { RunRecord } from './run_record.js';

/** A training that outlives the loss of clients. */
export interface DurableTraining {
  readonly config: RunConfig;
  readonly plan: RunPlan;
  readonly record: RunRecord;
  readonly checkpointFolder: string;
  /** Brings up both sides anew. */
  readonly openCluster: () => Promise<Cluster>;
  readonly clients: RunClients;
  /** Where it goes on from; undefined for fresh weights. */
  readonly start: Checkpoint | undefined;
  readonly dataSha256: () => string;
  readonly versions: Readonly<Record<string, string>>;
  /** Told of every loss of a client, and of damaged checkpoints. */
  readonly warn: (message: string) => void;
  readonly interruptedBy: () => string | undefined;
  /** Called while the clients still live: they write what they have. */
  readonly save: (cluster: Cluster, holders: readonly number[]) => Promise<readonly SavedWeights[]>;
}

/** What came of it. */
export interface Trained {
  readonly result: TrainResult;
  readonly classCounts: readonly (readonly number[])[] | null;
  /** As `client@round`. */
  readonly skippedVisits: readonly string[];
  readonly costs: CostsSummary;
  readonly clientFiles: readonly SavedWeights[];
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
  let cluster: Cluster | undefined = first;
  let start = training.start;
  let skippedVisits = start?.skippedVisits ?? [];
  let costs: RunCosts | undefined;
  let repeatedBytes = 0;
  let classCounts: Trained['classCounts'] | undefined;
  for (let generation = 0; ; generation++) {
    const schedule = plan.scheduleWithout(skippedVisits);
    let reached = start?.progress ?? startOf(schedule, plan.shardSizes.length);
    let failure: unknown;
    try {
      cluster ??= await training.openCluster();
      // Once: later a client may be gone whose visits are left out.
      classCounts ??= await askClassCounts(cluster.links);
      const onCosts = (own: RunCosts) => (costs = own);
      const attempt = { ...training, start, skippedVisits, schedule, generation, classCounts, onCosts };
      const trained = yield* trainOnce(attempt, cluster, (progress) => (reached = progress));
      return { ...trained, costs: summaryOfCosts(trained.costs, repeatedBytes) };
    } catch (error) {
      failure = error;
      // At once: to end a thread that hangs takes a while.
      if (isClientLoss(error)) record.log.error(messageOf(error));
    } finally {
      if (cluster) await closeAfter(failure, cluster);
      cluster = undefined;
    }
    const { on_client_loss: policy, max_retries: maxRetries } = config;
    if (!isClientLoss(failure) || policy === 'stop') throw failure;
    // It was waited for already.
    if (policy === 'retry' && failure instanceof BloomError && failure.code === 'ERR_CLIENT_GONE')
      throw failure;
    if (generation >= maxRetries) throw tooManyLosses(failure, generation + 1);
    const signal = training.interruptedBy();
    if (signal !== undefined) throw stoppedInstead(signal, failure);
    // Where a thread of the server is lost, no client is to blame.
    const skips = policy === 'skip' && !(failure instanceof BloomError && failure.details.isServers);
    const failed = skips ? failedVisit(schedule, reached, failure) : undefined;
    if (failed?.isLongOver) throw longOver(failure, failed.name);
    if (failed !== undefined) skippedVisits = [...skippedVisits, failed.name];
    start = await newestCheckpoint(
      training.checkpointFolder,
      ({ progress }) => failed === undefined || isBefore(progress, failed.turn),
      training.clients.requireHeads,
      training.warn,
    );
    const outcome = failed === undefined ? '' : ` The visit ${failed.name} is left out.`;
    training.warn(`${messageOf(failure)}${outcome}`);
    if (costs) repeatedBytes += bytesOf(costs.soFar.traffic) - bytesOf(start?.costs.traffic ?? []);
    await forgetAfter(training.checkpointFolder, start);
    await record.rewind(rewindTo(start));
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
  readonly onCosts: (costs: RunCosts) => void;
  readonly skippedVisits: readonly string[];
  readonly schedule: readonly Turn[];
  readonly generation: number;
  readonly classCounts: Trained['classCounts'];
}

async function* trainOnce(
  attempt: Attempt,
  cluster: Cluster,
  onProgress: (progress: Progress) => void,
): AsyncGenerator<TrainEvent, Omit<Trained, 'costs'> & { readonly costs: CostsSoFar }> {
  const { config, plan, record, start, schedule, skippedVisits, generation, classCounts } = attempt;
  const { tails } = cluster;
  const costs = new RunCosts(cluster, start?.costs);
  attempt.onCosts(costs);
  const { links } = costs;
  const beginning = start?.progress ?? startOf(schedule, links.length);
  const hasOwnTests = config.data_split === OWN_ROWS;
  await restore(cluster, start);
  const checkpointer = new Checkpointer(
    {
      folder: attempt.checkpointFolder,
      policy: {
        everySteps: config.checkpoint_every,
        minMs: config.checkpoint_min_s * 1000,
        keep: config.keep_checkpoints,
      },
      schedule,
      hasOwnTests,
      skippedVisits,
      dataSha256: attempt.dataSha256,
      versions: attempt.versions,
      lengths: () => record.lengths(),
      costs: () => costs.soFar,
      onWritten: ({ steps }) => record.log.info('checkpoint', { steps }),
      onKept: (kept) => attempt.clients.keepHeadsOf(kept),
      interruptedBy: attempt.interruptedBy,
      now: () => performance.now(),
    },
    stepsDone(schedule, beginning),
  );
  const parts = {
    scheme: plan.scheme,
    protocol: protocolOf(plan.scheme, plan.split.back !== null, plan.dataset.shape.numClasses),
    links,
    tails,
    schedule,
    seed: config.seed,
    handoff: config.handoff,
    splitfedOptimizer: config.splitfed_optimizer,
    generation,
    shardSizes: plan.shardSizes,
    testSizes: plan.testSizes,
    hasOwnTests,
    forgetting: forgettingTests(config, plan.scheme, plan.numForgettingRows),
    pause: {
      reached: onProgress,
      isDue: (progress: Progress) => {
        onProgress(progress);
        return checkpointer.isDue(progress);
      },
      take: async (progress: Progress) => {
        const clients =
          progress.stepsInTurn === 0 ? [] : schedule[progress.turn].visits.map(({ client }) => client);
        if (clients.length > 0) await costs.collect(clients, stepsDone(schedule, progress));
        await costs.answered();
        await checkpointer.take(cluster, progress);
      },
    },
  };
  const result = yield* counted(train(parts, beginning), costs);
  const clientFiles = await attempt.save(cluster, result.holders);
  return { result, classCounts, skippedVisits, costs: costs.soFar, clientFiles };
}

/** Every event is counted before it is told. */
async function* counted(
  training: AsyncGenerator<TrainEvent, TrainResult>,
  costs: RunCosts,
): AsyncGenerator<TrainEvent, TrainResult> {
  for (;;) {
    const next = await training.next();
    if (next.done) return next.value;
    await costs.event(next.value);
    yield next.value;
  }
}

/** Gives both sides the states of a checkpoint. */
async function restore({ links, tails }: Cluster, checkpoint: Checkpoint | undefined): Promise<void> {
  if (!checkpoint) return;
  const { heads, tails: saved } = checkpoint;
  await Promise.all([
    ...heads.flatMap((file) => loadHeads(links, file)),
    ...(saved ? [tails.loadStates(saved)] : []),
  ]);
}

/** Each place where some of these clients live reads the file once: they may live elsewhere than when it was written. */
function loadHeads(links: readonly Link[], { clients, ...file }: SavedStates): readonly Promise<void>[] {
  const places = new Set(clients.map((client) => links[client].place));
  return [...places].map((place) => {
    const here = clients.filter((client) => links[client].place === place);
    return links[here[0]].loadStates({ ...file, clients: here });
  });
}

/** How far a record goes back for a checkpoint; to its beginning where there is none. */
export function rewindTo(checkpoint: Checkpoint | undefined): {
  lengths: Readonly<Record<string, number>>;
  steps: number;
  rows: number;
} {
  if (!checkpoint) return { lengths: {}, steps: 0, rows: 0 };
  const { lengths, steps, progress } = checkpoint;
  return { lengths, steps, rows: rowsDone(progress) };
}

/** Nobody waits for another attempt. */
function stoppedInstead(signal: string, failure: unknown): InterruptedError {
  return new InterruptedError('ERR_INTERRUPTED', `Stopped by ${signal}. ${messageOf(failure)}`, { signal });
}
