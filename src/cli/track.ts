import { existsSync, statSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { keys } from '../config/keys.js';
import { loadTracking } from '../config/tracking.js';
import { ConfigError } from '../core/errors.js';
import { runFiles } from '../report/run_directory.js';
import { wandbApi } from '../report/wandb/api.js';
import { checkDestination } from '../report/wandb/destination.js';
import { Patience } from '../report/wandb/patience.js';
import { trackRun, type Follow, type TrackResult } from '../report/wandb/tracker.js';
import { WandbError } from '../report/wandb/wandb_error.js';
import { problemOfKey, sendLater } from './tracker_process.js';
import { ownVersion } from './versions.js';

const REQUEST_TIMEOUT_MS = 60_000;
const LOOK_EVERY_MS = 2000;
/** Plots and report come after the summary; where there are none, this is how long they are waited for. */
const WAIT_FOR_REPORT_MS = 60_000;
/** Without following: about half a minute. */
const MAX_ATTEMPTS = 6;
/** After the end of a run, a server that says nothing for so long is given up. */
const GRACE_MS = 10_000;

const destinationKeys = ['wandb.project', 'wandb.entity', 'wandb.group', 'wandb.base_url'];

interface TrackFlags {
  readonly follow?: true;
  readonly wandbKeyStdin?: true;
}

/** `bloom-split track RUN_DIR`: sends a run to Weights & Biases. */
export function addTrackCommand(program: Command): void {
  const command = program
    .command('track')
    .description(
      'Send to Weights & Biases what was not sent of a run yet. The key is read from WANDB_API_KEY; all else is as the run was ' +
        'configured, whatever the environment says.',
    )
    .argument('<run-directory>', 'a directory that `train` made')
    .option('--follow', 'wait for more until the run has ended')
    .option(
      '--wandb-key-stdin',
      'read the key from the first line of the standard input, which ends with the run',
    );
  for (const { name, flagNames, doc } of keys)
    if (destinationKeys.includes(name))
      command.option(`--${flagNames[0]} <value>`, `${doc} Default: as the run was configured.`);
  command.action(async (runDirectory: string, flags: TrackFlags) => {
    try {
      const { url, numRows, numFiles } = await track(runDirectory, flags, destinationFlags(command));
      process.stdout.write(
        `Weights & Biases has all of ${runDirectory}: ${url} (${numRows} rows and ${numFiles} files were sent now)\n`,
      );
    } catch (error) {
      if (!(error instanceof WandbError)) throw error;
      const { code, message, details } = error;
      throw new WandbError(code, `${message} ${sendLater(runDirectory)}`, details, { cause: error });
    }
  });
}

async function track(
  runDirectory: string,
  { follow, wandbKeyStdin }: TrackFlags,
  values: ReadonlyMap<string, readonly string[]>,
): Promise<TrackResult> {
  const { run, wandb } = loadTracking(runFiles(runDirectory).config, values);
  const { base_url: baseUrl, project, entity, group } = wandb;
  const destination = checkDestination({ baseUrl, project, entity });
  const hasParent = follow === true && wandbKeyStdin === true;
  if (hasParent) giveWay();
  const patience = new Patience({ maxAttempts: follow ? Infinity : MAX_ATTEMPTS, graceMs: GRACE_MS });
  const onInputEnd = () => {
    if (follow) patience.hurry();
  };
  try {
    const key = wandbKeyStdin ? await readKey(onInputEnd) : wandb.key;
    const problem = problemOfKey(key);
    if (problem !== null) throw new ConfigError('ERR_WANDB_NO_KEY', `${problem} ${sendLater(runDirectory)}`);
    const api = wandbApi({
      baseUrl: destination.baseUrl,
      key,
      userAgent: `bloom-split/${ownVersion()}`,
      patience,
      timeoutMs: REQUEST_TIMEOUT_MS,
      onOutage: (what) =>
        process.stderr.write(`warning: ${what}. It is tried again. ${sendLater(runDirectory)}\n`),
    });
    const config = Object.fromEntries(Object.entries(run).filter(([name]) => name !== 'wandb'));
    return await trackRun(
      { runDirectory, config, ...destination, group },
      {
        api,
        follow: follow && followOf(runDirectory, patience, hasParent),
        onRegistered: (url) => process.stdout.write(`${runDirectory} is sent to ${url}\n`),
      },
    );
  } finally {
    if (wandbKeyStdin) process.stdin.destroy();
  }
}

/** By flag name, as `loadTracking` takes them. */
function destinationFlags(command: Command): ReadonlyMap<string, readonly string[]> {
  return new Map(
    command.options.flatMap((option) => {
      const value: unknown = command.getOptionValue(option.attributeName());
      return typeof value === 'string' ? [[option.name(), [value]] as const] : [];
    }),
  );
}

/** With a parent, the run has ended when the parent says so, since only it knows that nothing comes any more. */
function followOf(runDirectory: string, patience: Patience, hasParent: boolean): Follow {
  const { summary } = runFiles(runDirectory);
  const report = join(runDirectory, 'report.html');
  const hasEnded = () =>
    existsSync(summary) &&
    (existsSync(report) || Date.now() - statSync(summary).mtimeMs > WAIT_FOR_REPORT_MS);
  return {
    hasEnded: hasParent ? () => patience.isHurried : hasEnded,
    nextLook: () => patience.pause(LOOK_EVERY_MS),
  };
}

/** A tracker behind a run takes no time from it, outlives Ctrl-C, which both get, and its parent, who may read no more. */
function giveWay(): void {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  process.on('SIGINT', () => undefined);
  process.stderr.on('error', () => undefined);
}

/** The first line of the standard input. */
function readKey(onEnd: () => void): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  return new Promise((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => {
      resolve('');
      onEnd();
    });
  });
}
