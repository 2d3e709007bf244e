import { extname } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import type { RunConfig } from '../config/run_config.js';
import { ConfigError } from '../core/errors.js';
import { writeFileAtomic } from '../core/files.js';
import { formatShape } from '../core/shapes.js';
import { countClasses, type Dataset } from '../data/dataset.js';
import type { DataSplitName } from '../data/splits/registry.js';
import { progressBars } from '../report/progress_bar.js';
import { splitTableOf, type DealtRows } from '../report/split_table.js';
import { addConfigOptions, configSources } from './options.js';
import { partitionOf, readRows } from './plan.js';

/** `bloom-split data`: makes sure that a data set is there and whole, says what it is, and shows who gets which rows. */
export function addDataCommand(program: Command): void {
  const command = program
    .command('data')
    .description('Fetch what is missing of a data set, check it, and show what is in it.')
    .option('--show', 'Print and draw how many rows of each class every client gets.')
    .option('--plot <file>', 'The same as a picture: an SVG file, or a PNG file.');
  addConfigOptions(command).action(async ({ show, plot }: { show?: true; plot?: string }) => {
    const { config } = loadConfig(configSources(command));
    const dataset = await readRows(config, progressBars(process.stderr));
    process.stdout.write(descriptionOf(dataset));
    if (!show && plot === undefined) return;
    const dealt = dealtRows(config, dataset);
    if (show) process.stdout.write(`\n${splitOf(config)}\n\n${splitTableOf(dealt)}`);
    if (plot !== undefined) await writePlot(plot, dealt);
  });
}

async function writePlot(path: string, { classCounts, classNames }: DealtRows): Promise<void> {
  const ending = extname(path);
  if (ending !== '.svg' && ending !== '.png') {
    throw new ConfigError(
      'ERR_PLOT_FILE',
      `\`--plot\` is "${path}", but a file name ending in .svg or .png was expected. Correct it there.`,
    );
  }
  const { drawClassCounts } = await import('../report/plots/class_counts.js');
  const { svg, png } = await drawClassCounts(classCounts, classNames);
  await writeFileAtomic(path, ending === '.svg' ? svg : png);
  process.stdout.write(`drawn in ${path}\n`);
}

function descriptionOf({ name, shape, train, test, folder, isVerified }: Dataset): string {
  return (
    `${name}: ${train.numRows} training and ${test.numRows} test pictures of ${formatShape(shape.picture)}, ` +
    `${shape.numClasses} classes\n` +
    `in ${folder}: ${isVerified ? 'checksums verified' : 'structure checked, but not the official files'}\n`
  );
}

/** The keys on which each split depends. */
const splitKeys = {
  iid: ['n_workers', 'seed'],
  dirichlet: ['n_workers', 'seed', 'dirichlet_alpha', 'min_samples'],
  num_classes: ['n_workers', 'seed', 'classes_per_client'],
  num_samples: ['n_workers', 'seed', 'samples_sigma', 'min_samples'],
  by_writer: ['n_workers', 'seed'],
  own: [],
} as const satisfies Record<DataSplitName, readonly (keyof RunConfig)[]>;

type SplitKey = (typeof splitKeys)[DataSplitName][number];

function splitOf(config: RunConfig): string {
  const values = splitKeys[config.data_split].map((key: SplitKey) => `${key} ${config[key]}`);
  return `data_split ${config.data_split}: ${values.join(', ')}`;
}

function dealtRows(config: RunConfig, dataset: Dataset): DealtRows {
  const { shards, numLeftOut, whyLeftOut } = partitionOf(config, dataset);
  const { train, shape, classNames } = dataset;
  const classCounts = shards.map((shard) =>
    countClasses(
      shard.map((row) => train.labels[row]),
      shape.numClasses,
    ),
  );
  return { classCounts, classNames, numLeftOut, whyLeftOut };
}
