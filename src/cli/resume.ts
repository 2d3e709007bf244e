import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { configFromFile, type LoadedConfig } from '../config/load.js';
import { keys } from '../config/keys.js';
import { loadTracking } from '../config/tracking.js';
import type { RunConfig } from '../config/run_config.js';
import { ConfigError } from '../core/errors.js';
import { runFiles } from '../report/run_directory.js';
import { addConfigOptions, configSources } from './options.js';
import { runAtTerminal } from './terminal_run.js';
import { resumeRun } from './train_run.js';

/** Keys that may change when a run goes on: the result does not depend on them. `n_epochs` may be raised besides. */
const changeable = [
  'n_threads',
  'devices',
  'tail_device',
  'data_dir',
  'datasets_dir',
  'data_mirror',
  'log_level',
  'plots',
  'checkpoint_every',
  'checkpoint_min_s',
  'keep_checkpoints',
  'on_client_loss',
  'max_retries',
  'call_timeout_s',
  'chaos',
];

/** `bloom-split resume RUN_DIR`: goes on with a run that was stopped, to the same result. */
export function addResumeCommand(program: Command): void {
  const command = program
    .command('resume')
    .description('Go on with a run that was stopped, in its directory, to the result that it would have had.')
    .argument('<run-directory>', 'a directory that `train` made');
  addConfigOptions(command).action(async (runDirectory: string) => {
    const loaded = configToResume(runDirectory, configSources(command).flags);
    if (loaded === undefined) {
      process.stdout.write(`${runDirectory} is complete: there is nothing to go on with\n`);
      return;
    }
    await runAtTerminal((options) => resumeRun(runDirectory, loaded, options));
  });
}

/**
 * A run's configuration with what the flags change; undefined where the run is complete and not made longer. Throws ConfigError
 * where a change would give another result than the run's.
 */
function configToResume(
  runDirectory: string,
  flags: ReadonlyMap<string, readonly string[]>,
): LoadedConfig | undefined {
  const files = runFiles(runDirectory);
  // Faults were for the run as it was started.
  const before = configFromFile(files.config).config;
  const after = configFromFile(files.config, new Map([['chaos', ['']], ...flags]));
  for (const { name } of keys) {
    const [was, is] = [before, after.config].map((config) => valueOf(config, name));
    if (was === is || changeable.includes(name) || name.startsWith('wandb.')) continue;
    if (name === 'n_epochs' && (is as number) > (was as number) && before.local_epochs !== was) continue;
    throw new ConfigError(
      'ERR_RESUME_CHANGE',
      `\`${name}\` is ${String(was)} in "${runDirectory}" and cannot become ${String(is)}: the result would be another one. ` +
        'Leave it out, or start a new run.',
      { name },
    );
  }
  const isLonger = after.config.n_epochs > before.n_epochs;
  if (existsSync(files.summary) && !isLonger) return undefined;
  // A key is in no file: it comes from the environment, or from a flag.
  const { key } = loadTracking(files.config, new Map()).wandb;
  const { wandb } = after.config;
  return { ...after, config: { ...after.config, wandb: { ...wandb, key: wandb.key || key } } };
}

function valueOf(config: RunConfig, name: string): unknown {
  return name
    .split('.')
    .reduce<unknown>((level, part) => (level as Readonly<Record<string, unknown>>)[part], config);
}
