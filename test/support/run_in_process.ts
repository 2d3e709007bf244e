import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resumeRun, trainRun, type TrainRunOptions } from '../../src/cli/train_run.js';
import { configFrom, configFromFile } from '../../src/config/load.js';
import type { TrainEvent } from '../../src/core/events.js';
import { noProgress } from '../../src/core/progress.js';
import { runFiles } from '../../src/report/run_directory.js';
import type { RunSummary } from '../../src/report/sink.js';

/** What a run did that was trained in this process. */
export interface ProcessRun {
  readonly directory: string;
  readonly events: readonly TrainEvent[];
  readonly warnings: readonly string[];
  /** Undefined where it was stopped. */
  readonly summary: RunSummary | undefined;
  readonly error: unknown;
}

const folders: string[] = [];

/** To be called after the tests. */
export function removeRuns(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export interface RunWishes {
  /** A signal comes after so many step events. */
  readonly stopAfter?: number;
  /** Told of every event when it comes. */
  readonly heard?: (event: TrainEvent) => void;
}

/** A whole run by these options, into a new output directory. */
export async function trainHere(options: object, wishes: RunWishes = {}): Promise<ProcessRun> {
  const output = mkdtempSync(join(tmpdir(), 'bloom-split-runs-'));
  folders.push(output);
  const loaded = configFrom({ plots: false, ...options, output_dir: output });
  const done = await collect((run) => trainRun(loaded, run), wishes);
  const day = readdirSync(output).at(0);
  // A run that never started has no directory.
  if (day === undefined) return { ...done, directory: '' };
  const [time] = readdirSync(join(output, day));
  return { ...done, directory: join(output, day, time) };
}

/** Goes on with a run. */
export async function resumeHere(directory: string): Promise<ProcessRun> {
  const loaded = configFromFile(runFiles(directory).config);
  return { ...(await collect((run) => resumeRun(directory, loaded, run), {})), directory };
}

async function collect(
  start: (options: TrainRunOptions) => AsyncGenerator<TrainEvent, RunSummary>,
  { stopAfter = Infinity, heard = () => undefined }: RunWishes,
): Promise<Omit<ProcessRun, 'directory'>> {
  const events: TrainEvent[] = [];
  const warnings: string[] = [];
  const numSteps = () => events.filter(({ type }) => type === 'step').length;
  const training = start({
    sinks: [],
    warn: (message) => warnings.push(message),
    say: () => undefined,
    progress: noProgress,
    interruptedBy: () => (numSteps() >= stopAfter ? 'SIGINT' : undefined),
  });
  try {
    for (;;) {
      const next = await training.next();
      if (next.done) return { events, warnings, summary: next.value, error: undefined };
      events.push(next.value);
      heard(next.value);
    }
  } catch (error) {
    return { events, warnings, summary: undefined, error };
  }
}
