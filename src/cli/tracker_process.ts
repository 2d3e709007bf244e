import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RunConfig } from '../config/run_config.js';
import { environmentWithoutOptions } from '../config/tracking.js';
import { messageOf } from '../core/errors.js';

export interface TrackerOptions {
  readonly runDirectory: string;
  readonly wandb: RunConfig['wandb'];
  /** Told once, of what the user should know at once. */
  readonly warn: (message: string) => void;
  /** Told of everything else. */
  readonly note: (message: string) => void;
  /** Told one line at the end: where the run is, or how to send it. */
  readonly say: (line: string) => void;
}

/** What sends a run while it goes on. */
export interface Tracker {
  /** The run is over, well or not, and everything is written: waits a little while for the rest to be sent. Never throws. */
  finish(): Promise<void>;
}

/** Wall time for which the end of a run waits for its tracker. */
const LONGEST_WAIT_MS = 15_000;

const mainFile = fileURLToPath(new URL('../main.js', import.meta.url));

/** How to send what was not sent. */
export function sendLater(runDirectory: string): string {
  return `Send what is missing at any time: npx bloom-split track ${runDirectory}`;
}

/** What is wrong with an API key; null for nothing. */
export function problemOfKey(key: string): string | null {
  if (key === '') return 'There is no API key of Weights & Biases: set WANDB_API_KEY.';
  return /\s/.test(key)
    ? 'The API key of Weights & Biases has white space in it: correct WANDB_API_KEY.'
    : null;
}

/** Starts the process that sends a run, where the run asks for it. Whatever becomes of that process, the run goes on. */
export function startTracker({ runDirectory, wandb, warn, note, say }: TrackerOptions): Tracker {
  if (!wandb.track || wandb.mode === 'disabled') return { finish: () => Promise.resolve() };
  const later = sendLater(runDirectory);
  const problem = wandb.mode === 'offline' ? null : problemOfKey(wandb.key);
  if (problem !== null) warn(`${problem} Training goes on. ${later}`);
  if (problem === null && wandb.mode === 'online')
    return spawnTracker({ runDirectory, wandb, warn, note, say });
  return {
    finish() {
      say(`not sent to Weights & Biases. ${later}`);
      return Promise.resolve();
    },
  };
}

function spawnTracker({ runDirectory, wandb, warn, note, say }: TrackerOptions): Tracker {
  const later = sendLater(runDirectory);
  const args = [mainFile, 'track', '--follow', '--wandb-key-stdin', '--', runDirectory];
  const child = spawn(process.execPath, args, { env: environmentWithoutOptions(), windowsHide: true });
  let hasWarned = false;
  const tell = (message: string) => {
    if (hasWarned) note(message);
    else warn(message);
    hasWarned = true;
  };
  let lastLine = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    tell(line.replace(/^(warning|error): /, ''));
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    note(line);
    lastLine = line;
  });
  const ended = new Promise<boolean>((resolve) => {
    const end = (how: string) => {
      tell(`What sends this run to Weights & Biases has ended (${how}). Training does not need it. ${later}`);
      resolve(false);
    };
    child.once('error', (error) => {
      end(messageOf(error));
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve(true);
      else end(signal ?? `exit code ${String(code)}`);
    });
  });
  // That the other end is gone is told by its own end.
  child.stdin.on('error', () => undefined);
  // Neither arguments nor environment: others can see the former, and its children would get the latter.
  child.stdin.write(`${wandb.key}\n`);

  return {
    async finish() {
      child.stdin.end();
      const waiting = new AbortController();
      const late = sleep(LONGEST_WAIT_MS, 'late' as const, { signal: waiting.signal }).catch(() => false);
      const outcome = await Promise.race([ended, late]);
      waiting.abort();
      if (outcome === true) say(lastLine);
      else if (outcome === false) say(`not everything was sent to Weights & Biases. ${later}`);
      else {
        say(`still being sent to Weights & Biases by process ${String(child.pid)}. ${later}`);
        child.unref();
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      }
    },
  };
}
