import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { messageOf, SetupError } from '../../core/errors.js';

const START_TIMEOUT_MS = 10_000;
const POLL_MS = 20;
/** The shell's exit code for a command that is not there. */
const NOT_FOUND = 127;
/** Runs the arguments as a command that ends with whoever holds the other end of stdin, also where that is killed. */
const UNTIL_STDIN_ENDS = 'exec 3<&0; { cat <&3 >/dev/null; kill $$; } & exec "$@" 3<&-';

/**
 * Go's collector works 8 times as seldom as usual: of the broker's small heap most is garbage all the time, and collecting took a quarter of what a batch
 * of 800 kB costs over it. Near the limit it works as often as it must, which takes what many slow receivers let wait.
 */
export const brokerCommand = ['env', 'GOGC=800', 'GOMEMLIMIT=1GiB', 'nats-server'];

/** A NATS server of this machine's own. */
export interface BrokerProcess {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts the `nats-server` on the PATH with a configuration file, on a port that is free; what it writes goes into `folder`. Throws
 * SetupError where there is none, or it does not come up.
 */
export async function startBroker(configFile: string, folder: string): Promise<BrokerProcess> {
  const args = ['--config', configFile, '--addr', '127.0.0.1', '--port', '-1', '--ports_file_dir', folder];
  const command = [...brokerCommand, ...args, '--log', join(folder, 'nats.log')];
  const broker = spawn('sh', ['-c', UNTIL_STDIN_ENDS, 'sh', ...command], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const failed = once(broker, 'error').then(([error]: unknown[]) => {
    throw new SetupError('ERR_BROKER', `Cannot start a shell: ${messageOf(error)}.`, {}, { cause: error });
  });
  const ended = once(broker, 'exit').then(async ([code]: unknown[]) => {
    if (code === NOT_FOUND) throw notFound();
    const log = await readFile(join(folder, 'nats.log'), 'utf8').catch(() => '');
    throw new SetupError(
      'ERR_BROKER',
      `nats-server ended at its start: ${log.trim().split('\n').at(-1) ?? ''}`,
    );
  });
  failed.catch(() => undefined);
  ended.catch(() => undefined);
  try {
    return { url: await Promise.race([urlFrom(folder), failed, ended]), close: () => end(broker) };
  } catch (error) {
    await end(broker);
    throw error;
  }
}

/** The broker writes where it listens. */
async function urlFrom(folder: string): Promise<string> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const file = (await readdir(folder)).find((name) => name.endsWith('.ports'));
    const text = file === undefined ? '' : await readFile(join(folder, file), 'utf8');
    if (text !== '') {
      const { nats } = JSON.parse(text) as { readonly nats: readonly string[] };
      return nats[0];
    }
    await setTimeout(POLL_MS);
  }
  throw new SetupError('ERR_BROKER', `nats-server did not listen within ${START_TIMEOUT_MS / 1000} s.`);
}

async function end(broker: ChildProcess): Promise<void> {
  if (broker.pid === undefined || broker.exitCode !== null || broker.signalCode !== null) return;
  const ended = once(broker, 'exit');
  broker.kill('SIGTERM');
  await ended;
}

function notFound(): SetupError {
  return new SetupError(
    'ERR_BROKER',
    `There is no nats-server, which \`link\` nats needs where no \`nats.url\` is given. Install it ` +
      '(Debian: apt install nats-server), so that it is on the PATH.',
  );
}
