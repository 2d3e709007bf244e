import type { Command } from 'commander';
import { configFromFile } from '../config/load.js';
import { readOverrides } from '../config/overrides.js';
import { drawRun } from '../report/page/draw_run.js';
import { runFiles } from '../report/run_directory.js';
import { runOptions } from './run_options.js';
import { schemeText } from './scheme_text.js';

/** `bloom-split plot RUN_DIR`: draws the plots and the report of a run again. */
export function addPlotCommand(program: Command): void {
  program
    .command('plot')
    .description('Draw the plots and report.html of a finished run again, from the files in its directory.')
    .argument('<run-directory>', 'a directory that `train` made')
    .action(async (runDirectory: string) => {
      const files = runFiles(runDirectory);
      const { config } = configFromFile(files.config);
      const overrides = readOverrides(files.overrides);
      const { paths } = await drawRun(runDirectory, runOptions({ config, overrides }), schemeText(config));
      process.stdout.write(paths.map((path) => `${path}\n`).join(''));
    });
}
