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
  /** Wall time for which `finish` waits; the tracker may go on by itself afterwards. */
  readonly longestWaitMs: number;
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
export const TRACKER_WAIT_MS = 15_000;

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
export function startTracker(options: TrackerOptions): Tracker {
  const { runDirectory, wandb, warn, say } = options;
  if (!wandb.track || wandb.mode === 'disabled') return { finish: () => Promise.resolve() };
  const later = sendLater(runDirectory);
  const notSent = {
    finish() {
      say(`not sent to Weights & Biases. ${later}`);
      return Promise.resolve();
    },
  };
  if (wandb.mode === 'offline') return notSent;
  try {
    const problem = problemOfKey(wandb.key);
    if (problem === null) return spawnTracker(options);
    warn(`${problem} Training goes on. ${later}`);
  } catch (error) {
    warn(`What would send this run to Weights & Biases does not start: ${messageOf(error)}. ${later}`);
  }
  return notSent;
}

function spawnTracker({ runDirectory, wandb, longestWaitMs, warn, note, say }: TrackerOptions): Tracker {
  const later = sendLater(runDirectory);
  let hasWarned = false;
  const tell = (message: string) => {
    if (hasWarned) note(message);
    else warn(message);
    hasWarned = true;
  };
  const args = [mainFile, 'track', '--follow', '--wandb-key-stdin', '--', runDirectory];
  const child = spawn(process.execPath, args, { env: environmentWithoutOptions(), windowsHide: true });
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
  let lastLine = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    tell(line.replace(/^(warning|error): /, ''));
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    note(line);
    lastLine = line;
  });
  // That the other side is gone is told by its end.
  child.stdin.on('error', () => undefined);
  // Neither an argument nor a variable: others may see the one, and whatever it starts would get the other.
  child.stdin.write(`${wandb.key}\n`);

  return {
    async finish() {
      child.stdin.end();
      const outcome = await within(longestWaitMs, ended);
      if (outcome === true) say(lastLine);
      else if (outcome === false) say(`not everything was sent to Weights & Biases. ${later}`);
      else {
        say(`still being sent to Weights & Biases by process ${String(child.pid)}. ${later}`);
        child.unref();
        for (const stream of child.stdio) stream?.destroy();
      }
    },
  };
}

/** What comes within this time; undefined where nothing does. */
async function within<T>(ms: number, coming: Promise<T>): Promise<T | undefined> {
  const waiting = new AbortController();
  const late = sleep(ms, undefined, { signal: waiting.signal }).catch(() => undefined);
  const outcome = await Promise.race([coming, late]);
  waiting.abort();
  return outcome;
}
