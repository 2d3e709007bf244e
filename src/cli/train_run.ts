import type { LoadedConfig } from '../config/load.js';
import type { RunConfig } from '../config/run_config.js';
import { listToYaml, toYaml } from '../config/written.js';
import type { ForgettingEvent, TrainEvent, TrainResult } from '../core/events.js';
import { writeFileAtomic } from '../core/files.js';
import type { Progress } from '../core/progress.js';
import { initialWeights } from '../models/init.js';
import { numParameters } from '../models/layers.js';
import { encodeWeights } from '../models/weights.js';
import { metricsFile } from '../report/metrics_file.js';
import { createRunDirectory, runFiles, writeJson } from '../report/run_directory.js';
import { openRunLog, runLogSink } from '../report/run_log.js';
import type { RunInfo, RunSummary, Sink } from '../report/sink.js';
import { Sinks } from '../report/sinks.js';
import { PhaseClock } from '../report/phase_clock.js';
import { Speedometer } from '../report/speed.js';
import { trainRing } from '../server/trainer.js';
import { openCluster, type Cluster } from './cluster.js';
import { askClassCounts, evaluationsOf, forgettingTests } from './evaluations.js';
import { optimizerOf, planRun, type RunPlan } from './plan.js';
import { versions } from './versions.js';

export interface TrainRunOptions {
  /** Told what happens, besides the run directory's own files. */
  readonly sinks: readonly Sink[];
  /** Told of what goes wrong without stopping the run. */
  readonly warn: (message: string) => void;
  /** Watches long work before training. */
  readonly progress: Progress;
}

/**
 * A whole run: plans, starts the threads, makes the run directory, trains, and writes the model and the summary. Nothing is
 * written before the configuration and the data have proved good. Whatever happens, threads and files are closed.
 */
export async function* trainRun(
  { config, overrides, fromEnvironment }: LoadedConfig,
  { sinks: extraSinks, warn, progress }: TrainRunOptions,
): AsyncGenerator<TrainEvent, RunSummary> {
  const startMs = performance.now();
  const clock = new PhaseClock(startMs);
  const plan = await planRun(config, progress);
  const cluster = await openTrainingCluster(config, plan);
  try {
    const runDirectory = await createRunDirectory(config.output_dir, new Date());
    const files = runFiles(runDirectory);
    await writeFileAtomic(files.config, toYaml(config));
    await writeFileAtomic(files.overrides, listToYaml(overrides));
    const log = openRunLog(files.log, config.log_level, warn);
    const sinks = new Sinks([runLogSink(log), metricsFile(files.metrics), ...extraSinks], (message) => {
      log.warn(message);
      warn(message);
    });
    try {
      const info = infoOf(config, plan, cluster, runDirectory, fromEnvironment);
      sinks.tell((sink) => sink.start?.(info));
      const classCounts = await askClassCounts(cluster.links);
      clock.endOf('setup');
      const speed = new Speedometer();
      const forgetting: ForgettingEvent[] = [];
      const result = yield* training(config, plan, cluster, (event) => {
        speed.event(event);
        clock.event(event);
        if (event.type === 'forgetting') forgetting.push(event);
        sinks.tell((sink) => sink.event?.(event));
      });
      await saveModel(plan, cluster, files);
      await writeJson(
        files.evaluation,
        evaluationsOf(plan.dataset.classNames, result, classCounts, {
          asked: config.forgetting,
          numRows: plan.forgettingRows.length,
          tests: forgetting,
        }),
      );
      clock.endOf('saving');
      const summary: RunSummary = {
        ...result.summary,
        run_directory: runDirectory,
        dataset: config.dataset,
        model: config.model,
        cut: plan.split.cut,
        seed: config.seed,
        data_split: config.data_split,
        rows_left_out: plan.partition.numLeftOut,
        why_left_out: plan.partition.whyLeftOut,
        macro_f1: result.overall.macro_f1,
        micro_average_precision: result.overall.micro_average_precision,
        engine: cluster.engine,
        devices: { tail: cluster.tailDevice, threads: cluster.threadDevices },
        versions: { ...versions(), [cluster.engine]: cluster.engineVersion },
        samples_per_second: speed.samplesPerSecond,
        wall_seconds: (performance.now() - startMs) / 1000,
        phase_seconds: clock.seconds,
        peak_memory_mb: process.resourceUsage().maxRSS / 1024,
      };
      await writeJson(files.summary, summary);
      sinks.tell((sink) => sink.end?.(summary));
      return summary;
    } catch (error) {
      log.error(error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      await sinks.close();
    }
  } finally {
    await cluster.close();
  }
}

function openTrainingCluster(config: RunConfig, plan: RunPlan): Promise<Cluster> {
  return openCluster({
    ...plan,
    shards: plan.partition.shards,
    sharesClassCounts: config.share_class_counts,
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

/** Trains from fresh weights, telling every event before it is passed on. */
async function* training(
  config: RunConfig,
  { schedule, partition, dataset, forgettingRows }: RunPlan,
  { links, tail }: Cluster,
  tell: (event: TrainEvent) => void,
): AsyncGenerator<TrainEvent, TrainResult> {
  const generation = 0;
  const shardSizes = partition.shards.map(({ length }) => length);
  const numTestRows = dataset.test.numRows;
  await links[schedule[0].client].createHead({ generation, step: 0 });
  const { handoff } = config;
  const forgetting = forgettingTests(config, forgettingRows.length);
  const parts = { links, tail, schedule, handoff, generation, shardSizes, numTestRows, forgetting };
  const trainer = trainRing(parts);
  for (;;) {
    const next = await trainer.next();
    if (next.done) return next.value;
    tell(next.value);
    yield next.value;
  }
}

/** The client that has the head writes it; the server writes its tail. */
async function saveModel(
  { schedule, split }: RunPlan,
  { links, tail }: Cluster,
  files: { readonly head: string; readonly tail: string },
): Promise<void> {
  const holder = schedule[schedule.length - 1].client;
  await links[holder].saveHead({ path: files.head });
  await writeFileAtomic(files.tail, encodeWeights(split.tail.layers, tail.exportWeights()));
}

function infoOf(
  config: RunConfig,
  { dataset, split, partition, schedule }: RunPlan,
  cluster: Cluster,
  runDirectory: string,
  fromEnvironment: LoadedConfig['fromEnvironment'],
): RunInfo {
  const last = schedule[schedule.length - 1];
  const shardSizes = partition.shards.map(({ length }) => length);
  const numRowsToTrain = shardSizes.reduce((sum, size) => sum + size, 0) * config.n_epochs;
  const numSteps = last.firstStep + last.numSteps;
  return {
    runDirectory,
    dataset: config.dataset,
    numTrainRows: dataset.train.numRows,
    numTestRows: dataset.test.numRows,
    dataSplit: config.data_split,
    dataOrigin: `${dataset.folder} (${dataset.isVerified ? 'checksums verified' : 'unverified: not the official files'})`,
    model: config.model,
    cut: split.cut,
    numHeadParameters: numParameters(split.head.layers),
    numTailParameters: numParameters(split.tail.layers),
    shardSizes,
    batchSize: config.batch_size,
    handoff: config.handoff,
    numRounds: last.round + 1,
    numSteps,
    numRowsToTrain:
      config.max_steps === 0 ? numRowsToTrain : Math.min(numRowsToTrain, numSteps * config.batch_size),
    optimizers: { head: describe(config.optimizer.head), tail: describe(config.optimizer.tail) },
    engine: cluster.engine,
    whyEngine: cluster.whyEngine,
    engineVersion: cluster.engineVersion,
    threadDevices: cluster.threadDevices,
    tailDevice: cluster.tailDevice,
    seed: config.seed,
    fromEnvironment,
    notices: noticesOf(config, shardSizes),
  };
}

function describe({ name, lr, momentum, weight_decay: decay }: RunConfig['optimizer']['head']): string {
  return `${name}, lr ${lr}${name === 'sgd' ? `, momentum ${momentum}` : ''}, weight decay ${decay}`;
}

function noticesOf(config: RunConfig, shardSizes: readonly number[]): readonly string[] {
  const smallest = Math.min(...shardSizes);
  return [
    ...(config.batch_size > smallest
      ? [
          `batch_size ${config.batch_size} is larger than a shard of ${smallest} rows: such a client trains one batch a pass.`,
        ]
      : []),
    ...(config.wandb.track || config.wandb.key !== ''
      ? ['Weights & Biases options are set, but this version does not send anything there yet.']
      : []),
  ];
}
