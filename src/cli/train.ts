import type { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import { consoleSink } from '../report/console.js';
import { progressBars } from '../report/progress_bar.js';
import { addConfigOptions, configSources } from './options.js';
import { watchInterrupts } from './interrupts.js';
import { trainRun } from './train_run.js';

/** `bloom-split train`: trains a split network and leaves a run directory. */
export function addTrainCommand(program: Command): void {
  const command = program
    .command('train')
    .description('Train a split network: clients on worker threads, the server on the main thread.');
  addConfigOptions(command).action(async () => {
    const warn = (message: string) => process.stderr.write(`warning: ${message}\n`);
    const loaded = loadConfig(configSources(command));
    const interrupts = watchInterrupts();
    try {
      const { interruptedBy } = interrupts;
      const progress = progressBars(process.stderr);
      const run = trainRun(loaded, { sinks: [consoleSink(process.stdout)], warn, progress, interruptedBy });
      while (!(await run.next()).done);
    } finally {
      interrupts.end();
    }
  });
}
