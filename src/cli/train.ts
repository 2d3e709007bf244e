import type { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import { addConfigOptions, configSources } from './options.js';
import { runAtTerminal } from './terminal_run.js';
import { trainRun } from './train_run.js';

/** `bloom-split train`: trains a split network and leaves a run directory. */
export function addTrainCommand(program: Command): void {
  const command = program
    .command('train')
    .description('Train a split network: clients on worker threads, the server on the main thread.');
  command.option(
    '--run-directory <path>',
    'where the run directory is made, if not under output_dir; nothing may be there',
  );
  addConfigOptions(command).action(async ({ runDirectory }: { runDirectory?: string }) => {
    const loaded = loadConfig(configSources(command));
    await runAtTerminal((options) => trainRun(loaded, { ...options, runDirectory }));
  });
}
