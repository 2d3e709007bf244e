import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { environmentWithoutOptions } from '../../config/tracking.js';
import { messageOf } from '../../core/errors.js';

/** A command of this program in a process of its own. */
export interface Child {
  /** Null where it succeeded, else why it did not, as a sentence. Never rejects. */
  readonly failure: Promise<string | null>;
  kill(signal: NodeJS.Signals): void;
}

const mainFile = fileURLToPath(new URL('../../main.js', import.meta.url));
/** Of what a process says, the end is kept. */
const KEPT_CHARACTERS = 65_536;

/** Starts `bloom-split ARGS...`; nothing in the environment is an option for it but the key of Weights & Biases, where there is one. */
export function startChild(args: readonly string[], wandbKey: string): Child {
  const child = spawn(process.execPath, [mainFile, ...args], {
    env: { ...environmentWithoutOptions(), ...(wandbKey === '' ? {} : { WANDB_API_KEY: wandbKey }) },
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own: Ctrl-C at the terminal reaches this process alone, which passes it on once.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_CHARACTERS);
  });
  return {
    failure: new Promise((resolve) => {
      child.once('error', (error) => {
        resolve(`Its process does not start: ${messageOf(error)}.`);
      });
      child.once('close', (code, signal) => {
        resolve(code === 0 ? null : reasonOf(said, code, signal));
      });
    }),
    kill: (signal) => void child.kill(signal),
  };
}

/** Its error, on one line; where it said none, how it ended and the last that it said. */
function reasonOf(said: string, code: number | null, signal: NodeJS.Signals | null): string {
  const error = /^error: (.*)/ms.exec(said)?.[1];
  if (error !== undefined) return error.trim().replace(/\s*\n\s*/g, ' ');
  const last = said.trim().split('\n').slice(-1)[0];
  return `Its process ended by ${signal ?? `exit code ${String(code)}`}${last === '' ? '' : ` after "${last}"`}.`;
}
