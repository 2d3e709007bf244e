import { rm } from 'node:fs/promises';
import type { LoadedConfig } from '../config/load.js';
import { listToYaml, toYaml } from '../config/written.js';
import { BloomError, InterruptedError, messageOf } from '../core/errors.js';
import type { TrainEvent } from '../core/events.js';
import { writeFileAtomic } from '../core/files.js';
import type { Progress } from '../core/progress.js';
import { PhaseClock } from '../report/phase_clock.js';
import {
  claimRunDirectory,
  createRunDirectory,
  cutBack,
  removeRunDirectory,
  removeTemporaries,
  runFiles,
} from '../report/run_directory.js';
import { lockRun } from '../report/run_lock.js';
import type { RunSummary, Sink } from '../report/sink.js';
import { Speedometer } from '../report/speed.js';
import { forgetAfter, listCheckpoints, type Checkpoint } from '../server/checkpoint.js';
import type { Cluster } from './cluster.js';
import { openClientSide, type ClientSide, type RunClients } from './hosts/client_side.js';
import type { RunPlan } from './plan.js';
import { openRunCluster } from './run_cluster.js';
import { checkpointOf } from './resume_point.js';
import { infoOf } from './run_info.js';
import { drawPictures } from './run_pictures.js';
import { openRecord } from './run_record.js';
import { saveModel, writeResults } from './run_results.js';
import { rewindTo, trainDurably, type Trained } from './training.js';
import { startTracker, TRACKER_WAIT_MS } from './tracker_process.js';
import { versions } from './versions.js';

export interface TrainRunOptions {
  /** Told what happens, besides the run directory's own files. */
  readonly sinks: readonly Sink[];
  /** Told of what goes wrong without stopping the run. */
  readonly warn: (message: string) => void;
  /** Told a line that is worth reading after the run. */
  readonly say: (line: string) => void;
  /** Where the run directory is made; undefined for a new one under `output_dir`. */
  readonly runDirectory?: string | undefined;
  /** Watches long work before training. */
  readonly progress: Progress;
  /** Asked between batches: a signal's name ends the run with a checkpoint and InterruptedError. */
  readonly interruptedBy: () => string | undefined;
}

/**
 * A whole run: plans, starts the threads, makes the run directory, trains, and writes the model and the summary. Nothing is
 * written before the configuration and the data have proved good. Whatever happens, threads and files are closed.
 */
export async function* trainRun(
  loaded: LoadedConfig,
  options: TrainRunOptions,
): AsyncGenerator<TrainEvent, RunSummary> {
  const startMs = performance.now();
  const { config } = loaded;
  const side = await openClientSide(config, options);
  try {
    const runDirectory =
      options.runDirectory === undefined
        ? await createRunDirectory(config.output_dir, new Date())
        : await claimRunDirectory(options.runDirectory);
    const unlock = await lockRun(runFiles(runDirectory).lock);
    try {
      const run = runOf(loaded, side, runDirectory, startMs);
      const cluster = await openFirst(run, () => removeRunDirectory(runDirectory));
      try {
        return yield* runIn({ ...run, start: undefined }, cluster, options);
      } finally {
        await cluster.close();
      }
    } finally {
      await unlock();
    }
  } finally {
    await side.close();
  }
}

/** Goes on with a run in its directory, from its newest checkpoint that is whole, or from the beginning. */
export async function* resumeRun(
  runDirectory: string,
  loaded: LoadedConfig,
  options: TrainRunOptions,
): AsyncGenerator<TrainEvent, RunSummary> {
  const startMs = performance.now();
  const { config } = loaded;
  const files = runFiles(runDirectory);
  const unlock = await lockRun(files.lock);
  try {
    const side = await openClientSide(config, options);
    try {
      const run = runOf(loaded, side, runDirectory, startMs);
      const start = await checkpointOf(runDirectory, side.plan, run.clients.requireHeads, options.warn);
      const cluster = await openFirst(run, () => Promise.resolve());
      try {
        await forgetAfter(files.checkpoints, start);
        await cutBack(runDirectory, rewindTo(start).lengths);
        return yield* runIn({ ...run, start }, cluster, options);
      } finally {
        await cluster.close();
      }
    } finally {
      await side.close();
    }
  } finally {
    await unlock();
  }
}

interface Run {
  readonly runDirectory: string;
  readonly loaded: LoadedConfig;
  readonly plan: RunPlan;
  readonly clients: RunClients;
  readonly startMs: number;
  readonly start: Checkpoint | undefined;
  readonly open: () => Promise<Cluster>;
}

function runOf(
  loaded: LoadedConfig,
  side: ClientSide,
  runDirectory: string,
  startMs: number,
): Omit<Run, 'start'> {
  const { plan } = side;
  const clients = side.clientsOf(runDirectory);
  const open = () => openRunCluster(loaded.config, plan, clients.open);
  return { runDirectory, loaded, plan, clients, startMs, open };
}

/** Brings both sides up, and writes down of what; where that fails `undo` is called. */
async function openFirst(
  { runDirectory, loaded, open }: Pick<Run, 'runDirectory' | 'loaded' | 'open'>,
  undo: () => Promise<void>,
): Promise<Cluster> {
  let cluster: Cluster | undefined;
  try {
    cluster = await open();
    // First, since it says that the run is complete: a longer one is not.
    await rm(runFiles(runDirectory).summary, { force: true });
    await removeTemporaries(runDirectory);
    await writeConfiguration(runDirectory, loaded, cluster);
    return cluster;
  } catch (error) {
    await cluster?.close();
    await undo();
    throw error;
  }
}

/** Trains in a run directory that is this process's own, and writes everything there. */
async function* runIn(
  { runDirectory, loaded, plan, clients, startMs, start, open }: Run,
  cluster: Cluster,
  { sinks: others, warn, say, interruptedBy }: TrainRunOptions,
): AsyncGenerator<TrainEvent, RunSummary> {
  const { config, fromEnvironment } = loaded;
  const before = rewindTo(start).lengths;
  const record = openRecord(runDirectory, { config, before, others, warn });
  const { sinks, log } = record;
  const logAndWarn = (message: string) => {
    log.warn(message);
    warn(message);
  };
  const tracker = startTracker({
    runDirectory,
    wandb: config.wandb,
    longestWaitMs: TRACKER_WAIT_MS,
    warn: logAndWarn,
    note: (message) => log.info(message),
    say,
  });
  const clock = new PhaseClock(startMs);
  const speed = new Speedometer();
  try {
    const { steps, rows } = rewindTo(start);
    if (start) log.info('resume', { steps });
    const info = infoOf(config, plan, cluster, runDirectory, fromEnvironment, rows);
    sinks.tell((sink) => sink.start?.(info));
    clock.endOf('setup');
    const allVersions = { ...versions(), [cluster.engine]: cluster.engineVersion };
    const training = trainDurably(
      {
        config,
        plan,
        record,
        checkpointFolder: runFiles(runDirectory).checkpoints,
        openCluster: open,
        clients,
        start,
        dataSha256: plan.dataSha256,
        versions: allVersions,
        warn,
        interruptedBy,
        save: (own, holders) => saveModel(runDirectory, plan, own, holders),
      },
      cluster,
    );
    const trained = yield* told(training, (event) => {
      speed.event(event);
      clock.event(event);
      sinks.tell((sink) => sink.event?.(event));
    });
    const finished = {
      runDirectory,
      config,
      plan,
      trained,
      engine: cluster.engine,
      devices: { tail: cluster.tailDevice, threads: info.threadDevices },
      versions: allVersions,
      clock,
      startMs,
      samplesPerSecond: speed.samplesPerSecond,
    };
    const summary = await writeResults(finished, (results) => {
      sinks.tell((sink) => sink.end?.(results));
    });
    if (config.plots) {
      await drawPictures(runDirectory, loaded, summary.steps).then(
        () => {
          say(`see what happened: ${runFiles(runDirectory).report}`);
        },
        (error: unknown) => {
          const how = `Draw them with: npx bloom-split plot ${runDirectory}`;
          logAndWarn(`The plots are not drawn: ${messageOf(error)} ${how}`);
        },
      );
    }
    await clients.end();
    return summary;
  } catch (error) {
    log.error(messageOf(error));
    throw await withHint(error, runDirectory);
  } finally {
    // Before the log is closed: what the tracker has to say belongs there too.
    await tracker.finish();
    await record.close();
  }
}

/** Tells every event before it is passed on. */
async function* told(
  training: AsyncGenerator<TrainEvent, Trained>,
  tell: (event: TrainEvent) => void,
): AsyncGenerator<TrainEvent, Trained> {
  try {
    for (;;) {
      const next = await training.next();
      if (next.done) return next.value;
      tell(next.value);
      yield next.value;
    }
  } finally {
    // Its threads may be others than those it began with.
    await training.return(undefined as never);
  }
}

/** Records the engine that was chosen, not the choice: another one would give other last bits. */
async function writeConfiguration(
  runDirectory: string,
  { config, overrides }: LoadedConfig,
  { engine }: Cluster,
): Promise<void> {
  const files = runFiles(runDirectory);
  await writeFileAtomic(files.config, toYaml({ ...config, engine }));
  await writeFileAtomic(files.overrides, listToYaml(overrides));
}

/** An error that says how to go on, where there is a checkpoint, or somebody meant to stop. */
async function withHint(error: unknown, runDirectory: string): Promise<unknown> {
  if (!(error instanceof BloomError)) return error;
  // The error itself is what to tell, also where the folder cannot be read.
  const checkpoints = await listCheckpoints(runFiles(runDirectory).checkpoints, () => undefined).catch(
    () => [],
  );
  const newest = checkpoints.at(0);
  if (newest || error instanceof InterruptedError)
    error.message += ` Go on from batch ${newest?.steps ?? 0} with: npx bloom-split resume ${runDirectory}`;
  return error;
}
