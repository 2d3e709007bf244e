import { Option, type Command } from 'commander';
import { configFromFile, type ConfigSources, type LoadedConfig } from '../config/load.js';
import { parseSweeps, refuseSweptFlags, type Sweep } from '../config/sweep.js';
import { loadTracking } from '../config/tracking.js';
import { toYaml } from '../config/written.js';
import { BloomError, ConfigError, InterruptedError } from '../core/errors.js';
import { writeFileAtomic } from '../core/files.js';
import { orders, runsOf, type Comparison, type Order } from '../report/comparison/comparison.js';
import { comparisonDisplay } from '../report/comparison/display.js';
import { comparisonFiles, readComparison } from '../report/comparison/file.js';
import { skippedOf, terminalTable } from '../report/comparison/table.js';
import { plural } from '../report/page/numbers.js';
import { progressBars } from '../report/progress_bar.js';
import { createComparisonDirectory } from '../report/run_directory.js';
import { lockRun } from '../report/run_lock.js';
import { planComparison } from './compare/plan_comparison.js';
import { runComparison } from './compare/run_comparison.js';
import { watchStop } from './compare/stop.js';
import { addConfigOptions, configSources } from './options.js';
import { runOptions } from './run_options.js';
import { ownVersion } from './versions.js';

interface CompareOptions {
  readonly sweep: readonly string[];
  readonly seeds?: string;
  readonly order: Order;
  readonly resume?: string;
}

/** `bloom-split compare`: runs every choice of some options, and puts the results side by side. */
export function addCompareCommand(program: Command): void {
  const command = program
    .command('compare')
    .description(
      'Train with every choice of some options, one run after the other, and compare what comes out.',
    )
    .option(
      '--sweep <key=values>',
      'a key as in YAML and the values that it takes in turn: n_workers=2,8 (semicolons where values have commas); may be repeated',
      (value: string, previous: readonly string[]) => [...previous, value],
      [],
    )
    .option('--seeds <number>', 'runs of every cell, with seeds from `seed` on; one if not given')
    .addOption(
      new Option('--order <order>', 'cells as given, or cheap ones first').choices(orders).default('given'),
    )
    .option('--resume <directory>', 'go on with a comparison: what is done is kept, the rest is run');
  addConfigOptions(command).action(async (options: CompareOptions) => {
    const sources = configSources(command);
    const { resume } = options;
    if (resume === undefined) {
      await begin(options, sources);
      return;
    }
    const given = ['sweep', 'seeds', 'order'].filter((name) => command.getOptionValueSource(name) === 'cli');
    refuseChanges([...given, ...sources.flags.keys(), ...(sources.file === undefined ? [] : ['config'])]);
    await goOn(resume);
  });
}

async function begin({ sweep, seeds, order }: CompareOptions, sources: ConfigSources): Promise<void> {
  const sweeps = parseSweeps(sweep);
  refuseSweptFlags(sweeps, [...sources.flags.keys()]);
  const numSeeds = seeds === undefined ? undefined : numberOfSeeds(seeds, sweeps);
  if (sweeps.length === 0 && (numSeeds === undefined || numSeeds === 1))
    throw new ConfigError(
      'ERR_SWEEP',
      'There is nothing to compare. Give `--sweep KEY=VALUE,VALUE`, or `--seeds 2` or more.',
    );
  const wish = { sources, sweeps, numSeeds, order };
  const { comparison, common } = await planComparison(wish, progressBars(process.stderr));
  const directory = await createComparisonDirectory(common.config.output_dir, new Date());
  await writeFileAtomic(comparisonFiles(directory).config, toYaml(common.config));
  await runAndReport(directory, comparison, common);
}

async function goOn(directory: string): Promise<void> {
  const comparison = await readComparison(directory, ownVersion());
  const { config } = comparisonFiles(directory);
  const common = configFromFile(config);
  // A key is in no file: it comes from the environment.
  const { key } = loadTracking(config, new Map()).wandb;
  const wandb = { ...common.config.wandb, key };
  await runAndReport(directory, comparison, { ...common, config: { ...common.config, wandb } });
}

async function runAndReport(directory: string, start: Comparison, common: LoadedConfig): Promise<void> {
  const unlock = await lockRun(comparisonFiles(directory).lock);
  try {
    const comparison = await runAll(directory, start, common);
    await writeReport(directory, comparison, common);
    process.stdout.write(
      `\n${terminalTable(comparison)}\n\neverything is in ${directory} (comparison.html, comparison.md, comparison.json, runs/)\n`,
    );
    const runs = runsOf(comparison).map(({ run }) => run);
    const failed = runs.filter(({ status }) => status === 'failed');
    if (failed.length > 0) throw someFailed(directory, failed.length, runs.length);
  } finally {
    await unlock();
  }
}

async function runAll(directory: string, start: Comparison, { config }: LoadedConfig): Promise<Comparison> {
  const runs = runsOf(start).map(({ run }) => run);
  const done = runs.filter(({ status }) => status === 'done').length;
  const skipped = start.cells.filter(({ why_skipped }) => why_skipped !== null).length;
  process.stdout.write(
    `comparison in ${directory}: ${plural(start.cells.length, 'cell')}${skipped === 0 ? '' : ` (${skipped} skipped)`}, ` +
      `${plural(runs.length, 'run')}${done === 0 ? '' : `, ${done} of them done`}\n`,
  );
  for (const { names, why } of skippedOf(start)) process.stdout.write(`skipped: ${names}: ${why}\n`);
  const display = comparisonDisplay(process.stdout, process.stderr, { total: runs.length, done });
  const stop = watchStop((line) => process.stderr.write(`${line}\n`));
  try {
    const wandbKey = config.wandb.track ? config.wandb.key : '';
    const comparison = await runComparison(start, { directory, stop, wandbKey, display });
    const signal = stop.by();
    if (signal !== undefined) throw interrupted(directory, signal, comparison);
    return comparison;
  } finally {
    stop.end();
    display.stop();
  }
}

/** Loads what draws only now: a comparison starts without it. */
async function writeReport(directory: string, comparison: Comparison, common: LoadedConfig): Promise<void> {
  const { writeComparisonReport } = await import('../report/page/draw_comparison.js');
  const swept = ['seed', ...comparison.sweeps.map(({ key }) => key)];
  const options = runOptions(common).filter(({ name }) => !swept.includes(name));
  await writeComparisonReport(directory, comparison, options);
}

function numberOfSeeds(text: string, sweeps: readonly Sweep[]): number {
  if (sweeps.some(({ key }) => key === 'seed'))
    throw new ConfigError('ERR_SWEEP', '`seed` is swept, and `--seeds` is given too. Leave one of them out.');
  const number = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (number > 0) return number;
  throw new ConfigError('ERR_SWEEP', `\`--seeds\` is "${text}", but an integer from 1 to 9999 was expected.`);
}

function refuseChanges(given: readonly string[]): void {
  if (given.length === 0) return;
  throw new ConfigError(
    'ERR_COMPARE_CHANGE',
    '`--resume` goes on with a comparison as it was begun. Leave out ' +
      `${given.map((name) => `--${name}`).join(', ')}, or begin a new one without \`--resume\`.`,
  );
}

function interrupted(directory: string, signal: string, comparison: Comparison): InterruptedError {
  const runs = runsOf(comparison).map(({ run }) => run);
  const done = runs.filter(({ status }) => status === 'done').length;
  return new InterruptedError(
    'ERR_INTERRUPTED',
    `Stopped by ${signal}, with ${done} of ${runs.length} runs done. Go on with: npx bloom-split compare --resume ${directory}`,
    { signal, directory },
  );
}

function someFailed(directory: string, failed: number, total: number): BloomError {
  return new BloomError(
    'ERR_RUNS_FAILED',
    `${failed} of ${total} runs failed: ${comparisonFiles(directory).markdown} says why. Try them again with: npx bloom-split ` +
      `compare --resume ${directory}`,
    { directory, failed, total },
  );
}
