import { Command, CommanderError } from 'commander';
import { BloomError, messageOf } from '../core/errors.js';
import { addDataCommand } from './data.js';
import { addDevicesCommand } from './devices.js';
import { addEvaluateCommand } from './evaluate.js';
import { addTrainCommand } from './train.js';
import { addVerifyCommand } from './verify.js';
import { ownVersion } from './versions.js';

const FAILED = 1;
const MISUSED = 2;

/** Runs the command that the arguments name, and gives the exit code. Every error becomes one message on stderr. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const program = new Command('bloom-split')
    .description('Split learning on one host: clients train the head, a server trains the tail.')
    .version(ownVersion())
    .showSuggestionAfterError();
  addTrainCommand(program);
  addEvaluateCommand(program);
  addVerifyCommand(program);
  addDataCommand(program);
  addDevicesCommand(program);
  // Commander would end the process by itself, before anything could be closed.
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({ outputError });
  process.stdout.on('error', surviveClosedPipe);
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
    process.stderr.write(`error: ${error instanceof BloomError ? error.message : unexpected(error)}\n`);
    return FAILED;
  }
}

/** A mistyped option is named without its value, which may be a secret. */
function outputError(text: string, write: (text: string) => void): void {
  write(text.replace(/(--?[\w-]+)=[^']*/g, '$1'));
}

/** A reader that goes away, as in `bloom-split train | head`, must not end a run. */
function surviveClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

function unexpected(error: unknown): string {
  const trace = error instanceof Error ? error.stack : undefined;
  return `Something went wrong that should not: please report it.\n${trace ?? messageOf(error)}`;
}
