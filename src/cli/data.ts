import type { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import { formatShape } from '../core/shapes.js';
import { progressBars } from '../report/progress_bar.js';
import { addConfigOptions, configSources } from './options.js';
import { readRows } from './plan.js';

/** `bloom-split data`: makes sure that a data set is there and whole, and says what it is. */
export function addDataCommand(program: Command): void {
  const command = program.command('data').description('Check a data set and show what is in it.');
  addConfigOptions(command).action(async () => {
    const { config } = loadConfig(configSources(command));
    const { name, shape, train, test, folder, isVerified } = await readRows(
      config,
      progressBars(process.stderr),
    );
    process.stdout.write(
      `${name}: ${train.numRows} training and ${test.numRows} test pictures of ${formatShape(shape.picture)}, ` +
        `${shape.numClasses} classes\n` +
        `in ${folder}: ${isVerified ? 'checksums verified' : 'structure checked, but not the official files'}\n`,
    );
  });
}
