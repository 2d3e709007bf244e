import { Command, CommanderError } from 'commander';
import { BloomError, InterruptedError, messageOf, StuckThreadError } from '../core/errors.js';
import { addBrokerConfigCommand } from './broker_config.js';
import { addCompareCommand } from './compare.js';
import { addDataCommand } from './data.js';
import { addDevicesCommand } from './devices.js';
import { addEvaluateCommand } from './evaluate.js';
import { addExportCommand } from './export.js';
import { addJoinCommand } from './join.js';
import { addKeysCommand } from './keys.js';
import { addPeersCommand } from './peers.js';
import { addPlanCommand } from './plan_cuts.js';
import { addPlotCommand } from './plot.js';
import { addResumeCommand } from './resume.js';
import { addServeCommand } from './serve.js';
import { addStatusCommand } from './status.js';
import { addTrackCommand } from './track.js';
import { addTensorflowCommand } from './tensorflow.js';
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
  addPlanCommand(program);
  addResumeCommand(program);
  addEvaluateCommand(program);
  addExportCommand(program);
  addCompareCommand(program);
  addPlotCommand(program);
  addVerifyCommand(program);
  addDataCommand(program);
  addDevicesCommand(program);
  addTrackCommand(program);
  addServeCommand(program);
  addJoinCommand(program);
  addStatusCommand(program);
  addKeysCommand(program);
  addPeersCommand(program);
  addBrokerConfigCommand(program);
  addTensorflowCommand(program);
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
    if (error instanceof StuckThreadError) killOwnProcess();
    return error instanceof InterruptedError ? exitCodeOf(error) : FAILED;
  }
}

/** An exit would wait for the thread for ever. Exit code 137; what was printed before is out: pipes and files are written at once. */
function killOwnProcess(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** 128 and the number of the signal, as shells count. */
function exitCodeOf({ details }: InterruptedError): number {
  return details.signal === 'SIGTERM' ? 143 : 130;
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
