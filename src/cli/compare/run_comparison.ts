import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { flagsOf } from '../../config/sweep.js';
import { BloomError } from '../../core/errors.js';
import { runsOf, type Cell, type CellRun, type Comparison } from '../../report/comparison/comparison.js';
import type { ComparisonDisplay } from '../../report/comparison/display.js';
import { comparisonFiles, writeComparison } from '../../report/comparison/file.js';
import { measuresOf } from '../../report/comparison/measures.js';
import { readResults } from '../../report/comparison/results.js';
import { runFiles } from '../../report/run_directory.js';
import { startChild } from './child.js';
import type { Stop } from './stop.js';

export interface ComparisonRunOptions {
  readonly directory: string;
  readonly stop: Stop;
  readonly wandbKey: string;
  readonly display: ComparisonDisplay;
}

/**
 * Runs what is not done of a comparison, one run after the other, each in a process of its own: one that was interrupted, or
 * failed, goes on where it was. `comparison.json` is written before the first and after each. Gives the comparison as it is then;
 * stops where it is told to.
 */
export async function runComparison(start: Comparison, options: ComparisonRunOptions): Promise<Comparison> {
  const { directory, stop, display } = options;
  let comparison = start;
  await writeComparison(directory, comparison);
  for (const { cell, run } of inOrder(start)) {
    if (stop.by() !== undefined) break;
    if (run.status === 'done') continue;
    display.begun(cell, run);
    const after = await runOne(cell, run, options);
    comparison = withRun(comparison, after);
    await writeComparison(directory, comparison);
    display.ended(cell, after);
  }
  return comparison;
}

/** In the order in which they are run. Sorting keeps cells that cost the same as they were given. */
function inOrder(comparison: Comparison): ReturnType<typeof runsOf> {
  const runs = runsOf(comparison);
  const costOf = ({ estimate }: Cell) => estimate ?? 0;
  return comparison.order === 'given'
    ? runs
    : [...runs].sort((one, other) => costOf(one.cell) - costOf(other.cell));
}

async function runOne(cell: Cell, run: CellRun, options: ComparisonRunOptions): Promise<CellRun> {
  const { directory, stop, wandbKey } = options;
  const runDirectory = join(directory, run.directory);
  const files = runFiles(runDirectory);
  // It may have finished after whoever started it was killed.
  if (existsSync(files.summary)) return await finished(run, runDirectory);
  const isBegun = existsSync(files.config);
  if (!isBegun) await rm(runDirectory, { recursive: true, force: true });
  const flags = flagsOf({ ...cell.settings, seed: run.seed });
  const { config } = comparisonFiles(directory);
  const child = startChild(
    isBegun
      ? ['resume', '--', runDirectory]
      : ['train', '--config', config, ...flags, '--run-directory', runDirectory],
    wandbKey,
  );
  stop.attend(child);
  try {
    const failure = await child.failure;
    const after = { ...run, was_resumed: run.was_resumed || isBegun };
    if (failure === null) return await finished(after, runDirectory);
    if (stop.by() !== undefined) return { ...after, status: 'interrupted', why_failed: null, results: null };
    return { ...after, status: 'failed', why_failed: failure, results: null };
  } finally {
    stop.attend(undefined);
  }
}

async function finished(run: CellRun, runDirectory: string): Promise<CellRun> {
  try {
    const results = await readResults(runDirectory, run.was_resumed);
    return { ...run, status: 'done', why_failed: null, results };
  } catch (error) {
    if (!(error instanceof BloomError)) throw error;
    return { ...run, status: 'failed', why_failed: error.message, results: null };
  }
}

/** The comparison with one run as it is now, and what its cell measures with it. */
function withRun(comparison: Comparison, after: CellRun): Comparison {
  const cells = comparison.cells.map((cell) => {
    if (!cell.runs.some(({ directory }) => directory === after.directory)) return cell;
    const runs = cell.runs.map((run) => (run.directory === after.directory ? after : run));
    return { ...cell, runs, measures: measuresOf(runs.flatMap(({ results }) => results ?? [])) };
  });
  return { ...comparison, cells };
}
