import { relative } from 'node:path';
import type { RunConfig } from '../config/run_config.js';
import type { SavedWeights } from '../core/events.js';
import { writeFileAtomic } from '../core/files.js';
import { encodeWeights } from '../models/weights.js';
import type { PhaseClock } from '../report/phase_clock.js';
import { runFiles, writeCompactJson, writeJson } from '../report/run_directory.js';
import type { RunSummary } from '../report/sink.js';
import type { Cluster } from './cluster.js';
import { evaluationsOf } from './evaluations.js';
import { exportModel } from './export_model.js';
import { filesOfClient, headsDiffer, partsOfNetwork } from './model_files.js';
import type { RunPlan } from './plan.js';
import type { Trained } from './training.js';

/** What a run was, for its summary. */
export interface FinishedRun {
  readonly runDirectory: string;
  readonly config: RunConfig;
  readonly plan: RunPlan;
  readonly trained: Trained;
  readonly engine: string;
  readonly devices: RunSummary['devices'];
  readonly versions: Readonly<Record<string, string>>;
  readonly clock: PhaseClock;
  readonly startMs: number;
  readonly samplesPerSecond: number;
}

/** The clients that have heads write them; the server writes its tail. */
export async function saveModel(
  runDirectory: string,
  plan: RunPlan,
  { links, tails }: Cluster,
  holders: readonly number[],
): Promise<readonly SavedWeights[]> {
  const saved: SavedWeights[] = [];
  for (const client of holders) {
    const paths = filesOfClient(runDirectory, plan, client);
    const receipts = await links[client].saveHead({ paths });
    for (const [index, { sha256 }] of receipts.entries())
      saved.push({ client, file: relative(runDirectory, paths[index]), sha256 });
  }
  const weights = await tails.exportWeights();
  if (weights)
    await writeFileAtomic(runFiles(runDirectory).tail, encodeWeights(plan.split.tail.layers, weights));
  return saved;
}

/**
 * Writes what comes after training. `tell` is given the summary before it is written: `summary.json` is the last of all, and says
 * that the run is complete.
 */
export async function writeResults(
  run: FinishedRun,
  tell: (summary: RunSummary) => void,
): Promise<RunSummary> {
  const { runDirectory, config, plan, trained, clock } = run;
  const { result, classCounts, skippedVisits, costs, clientFiles } = trained;
  const files = runFiles(runDirectory);
  const { dataset } = plan;
  // Where every client has its own network, which one is meant is the user's to say; and a head may be on another host.
  if (config.link === 'threads' && !headsDiffer(plan.scheme))
    await exportModel(plan, partsOfNetwork(runDirectory, plan), files.onnx);
  await writeCompactJson(
    files.evaluation,
    evaluationsOf(plan.dataset.classNames, result, classCounts, {
      asked: config.forgetting,
      heads: plan.scheme.heads,
      numRows: plan.numForgettingRows,
    }),
  );
  clock.endOf('saving');
  const asked = config.skip_visits.split(',').filter((visit) => visit !== '');
  const summary: RunSummary = {
    ...result.summary,
    run_directory: runDirectory,
    dataset: config.dataset,
    input: {
      picture: dataset.shape.picture,
      background: dataset.background,
      class_names: dataset.classNames,
    },
    model: config.model,
    mode: config.mode,
    u_shaped: config.u_shaped,
    cut: plan.split.cut,
    seed: config.seed,
    data_split: config.data_split,
    rows_left_out: plan.partition.numLeftOut,
    why_left_out: plan.partition.whyLeftOut,
    skipped_visits: [...asked, ...skippedVisits],
    macro_f1: result.overall.macro_f1,
    micro_average_precision: result.overall.micro_average_precision,
    client_files: clientFiles,
    traffic: costs.traffic,
    repeated_bytes: costs.repeated_bytes,
    compute_seconds: costs.seconds,
    engine: run.engine,
    devices: run.devices,
    versions: run.versions,
    samples_per_second: run.samplesPerSecond,
    wall_seconds: (performance.now() - run.startMs) / 1000,
    phase_seconds: clock.seconds,
    peak_memory_mb: process.resourceUsage().maxRSS / 1024,
  };
  tell(summary);
  await writeJson(files.summary, summary);
  return summary;
}
