import { evaluateRun } from './cli/evaluate.js';
import { trainRun } from './cli/train_run.js';
import { configFrom, configFromFile } from './config/load.js';
import type { RunConfig } from './config/run_config.js';
import type { Score, TrainEvent } from './core/events.js';
import { noProgress } from './core/progress.js';
import { runFiles } from './report/run_directory.js';
import type { RunSummary } from './report/sink.js';

export type { RunConfig } from './config/run_config.js';
export { BloomError } from './core/errors.js';
export type { Score, TrainEvent } from './core/events.js';
export type { Engine } from './engine/engine.js';
export type { Link } from './link/link.js';
export type { Network as Model } from './models/network.js';
export type { RunSummary } from './report/sink.js';

/** Any part of a configuration; the rest is defaults. */
export type RunOptions = PartialDeep<RunConfig>;
type PartialDeep<T> = { readonly [K in keyof T]?: T[K] extends object ? PartialDeep<T[K]> : T[K] };

/**
 * Trains as the command does, run directory included, and yields what happens; its return value is the summary. Neither the
 * environment nor `config/base.yaml` is read. Stopping early (`return()`, or leaving a `for await`) ends the threads.
 */
export async function* train(options: RunOptions = {}): AsyncGenerator<TrainEvent, RunSummary> {
  const warn = (message: string) => {
    process.emitWarning(message, 'BloomSplitWarning');
  };
  return yield* trainRun(configFrom(options), {
    sinks: [],
    warn,
    say: () => undefined,
    progress: noProgress,
    interruptedBy: () => undefined,
  });
}

/** Test loss and accuracy of the model that a run left in its directory. */
export async function evaluate(runDirectory: string): Promise<Score & { readonly rows: number }> {
  return await evaluateRun(runDirectory, configFromFile(runFiles(runDirectory).config).config);
}
