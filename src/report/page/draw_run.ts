import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../core/files.js';
import { drawPlots } from '../plots/draw_plots.js';
import type { Plot } from '../plots/plot.js';
import { readRun } from '../plots/read_run.js';
import type { RunOption, SchemeText } from '../plots/run_record.js';
import { reportPage } from './report_page.js';
import { styleSheet } from './style.js';

/** What a run directory may hold, for people who look for something. */
const contents = [
  ['summary.json', 'what came out, with versions and times'],
  ['evaluation.json', 'the tests at the end in full: scores by class, confusion, curves, forgetting'],
  ['metrics.jsonl', 'every step, visit, hand-over, test and round, a line each'],
  ['run.log', 'what happened, in words'],
  ['.hydra/config.yaml', 'the configuration; --config takes it to run the same again'],
  ['.hydra/overrides.yaml', 'the options that differ from the defaults'],
  ['model/', 'the weights of clients and server; as one ONNX model where there is one network'],
  ['checkpoints/', 'from which the run can be resumed'],
  ['tensorboard/', 'the same numbers for TensorBoard'],
] as const;

export interface DrawnRun {
  /** Of the files written; that of the report is the last. */
  readonly paths: readonly string[];
  readonly plots: readonly Plot[];
}

/**
 * Draws `plots/` and `report.html` of a finished run into its directory, the same bytes every time; `options` are all options
 * of its configuration, `scheme` says what its mode is. Throws DataError where a file of the run is missing, damaged or of another
 * version, StorageError where a picture cannot be written.
 */
export async function drawRun(
  runDirectory: string,
  options: readonly RunOption[],
  scheme: SchemeText,
): Promise<DrawnRun> {
  const run = await readRun(runDirectory, options, scheme);
  const { plots, notes } = await drawPlots(run);
  const files = [
    ...contents.filter(([path]) => existsSync(join(runDirectory, path))),
    ['plots/', 'the plots above, as SVG and as PNG'] as const,
  ];
  const page = reportPage({ run, plots, notes, files, styleSheet: await styleSheet() });
  const written = [
    ...plots.flatMap(({ name, svg, png }) => [
      { path: join(runDirectory, 'plots', `${name}.svg`), data: svg },
      { path: join(runDirectory, 'plots', `${name}.png`), data: png },
    ]),
    { path: join(runDirectory, 'report.html'), data: page },
  ];
  for (const { path, data } of written) await writeFileAtomic(path, data);
  return { paths: written.map(({ path }) => path), plots };
}
