import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { brokerCommand } from '../../src/cli/hosts/broker_process.js';
import { onThisHost, type On } from './e2e_command.js';

/** A real nats-server. */
export interface NatsServer {
  readonly port: number;
  readonly url: string;
  /** Kills it, and starts it again on the same port. */
  restart(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Stops its process where it is; `false` lets it go on. */
  freeze(isFrozen: boolean): void;
  /** Ends it, and removes its files. */
  close(): Promise<void>;
}

export const hasNatsServer = hasProgram('nats-server');

/** Tests that need a nats-server on the PATH, and maybe more: where one is missing they are skipped, and say so. */
export function describeWithNatsServer(
  title: string,
  tests: (this: Mocha.Suite) => void,
  others: readonly string[] = [],
): void {
  const missing = ['nats-server', ...others].filter((program) => !hasProgram(program));
  if (missing.length === 0) describe(title, tests);
  else
    describe(title, () => {
      it.skip(`skipped, since there is no ${missing.join(' and no ')} on the PATH`);
    });
}

function hasProgram(name: string): boolean {
  return spawnSync(name, ['-v'], { stdio: 'ignore' }).error === undefined;
}

/** Starts one with a configuration in its own language, or with none, on a free port of this host or another. */
export async function startNatsServer(
  configuration = '',
  { address, on }: { readonly address: string; readonly on: On } = { address: '127.0.0.1', on: onThisHost },
): Promise<NatsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'bloom-split-nats-'));
  const file = join(folder, 'nats.conf');
  writeFileSync(file, configuration);
  let child: ChildProcess;
  let port = -1;
  const start = async () => {
    const given = ['-c', file, '-a', address, '-p', String(port)];
    const [program, ...args] = on([...brokerCommand, ...given]);
    child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const told: string[] = [];
    for await (const line of createInterface(child.stderr!)) {
      told.push(line);
      port = Number(/Listening for client connections on .*:(\d+)/.exec(line)?.[1] ?? port);
      if (line.includes('Server is ready')) {
        child.stderr!.resume();
        return;
      }
    }
    throw new Error(`nats-server ended: ${told.join('\n')}`);
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  await start();
  return {
    port,
    url: `nats://${address}:${port}`,
    kill,
    start,
    async restart() {
      await kill();
      await start();
    },
    freeze(isFrozen) {
      child.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT');
    },
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
