import type { TrainEvent } from '../core/events.js';
import { consoleSink } from '../report/console.js';
import { progressBars } from '../report/progress_bar.js';
import type { RunSummary } from '../report/sink.js';
import { watchInterrupts } from './interrupts.js';
import type { TrainRunOptions } from './train_run.js';

/** Runs to the end for a person at a terminal, who may interrupt it. */
export async function runAtTerminal(
  start: (options: TrainRunOptions) => AsyncGenerator<TrainEvent, RunSummary>,
): Promise<void> {
  const interrupts = watchInterrupts();
  try {
    const run = start({
      sinks: [consoleSink(process.stdout)],
      warn: (message) => process.stderr.write(`warning: ${message}\n`),
      say: (line) => process.stdout.write(`${line}\n`),
      progress: progressBars(process.stderr),
      interruptedBy: interrupts.interruptedBy,
    });
    while (!(await run.next()).done);
  } finally {
    interrupts.end();
  }
}
