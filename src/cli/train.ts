import type { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import { consoleSink } from '../report/console.js';
import { progressBars } from '../report/progress_bar.js';
import { addConfigOptions, configSources } from './options.js';
import { trainRun } from './train_run.js';

/** `bloom-split train`: trains a split network and leaves a run directory. */
export function addTrainCommand(program: Command): void {
  const command = program
    .command('train')
    .description('Train a split network: clients on worker threads, the server on the main thread.');
  addConfigOptions(command).action(async () => {
    const warn = (message: string) => process.stderr.write(`warning: ${message}\n`);
    const run = trainRun(loadConfig(configSources(command)), {
      sinks: [consoleSink(process.stdout)],
      warn,
      say: (line) => process.stdout.write(`${line}\n`),
      progress: progressBars(process.stderr),
    });
    while (!(await run.next()).done);
  });
}
