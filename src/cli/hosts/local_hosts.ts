import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environmentWithoutOptions } from '../../config/tracking.js';
import type { RunConfig } from '../../config/run_config.js';
import { makeFolder } from '../../core/files.js';
import { brokerConfig } from '../../link/nats/broker_config.js';
import { makeFiles } from '../../link/nats/key_files.js';
import { filesOf, keyPath, makeParties, peersPath } from '../../link/nats/parties.js';
import { partyName } from '../../link/nats/party_keys.js';
import { startBroker } from './broker_process.js';
import type { SideOptions } from './client_side.js';
import { makeKeyFolder } from './key_folder.js';

const MAX_STARTS = 20;

/** A broker and every client of a run, each in a process of this machine. */
export interface LocalHosts {
  readonly url: string;
  readonly keyFile: string;
  readonly peersFile: string;
  readonly caFile: string;
  close(): Promise<void>;
}

/** Makes keys for one run of the server, which never leave this machine, and starts the broker and the clients with them. */
export async function openLocalHosts(config: RunConfig, { warn }: SideOptions): Promise<LocalHosts> {
  const folder = await makeKeyFolder(tmpdir(), warn);
  const opened: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const each of opened.reverse()) await each.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const broker = await startBroker(await makeKeys(config.n_workers, folder), folder);
    opened.push(broker);
    const peersFile = peersPath(folder);
    for (let client = 0; client < config.n_workers; client++) {
      const args = ['--client', String(client), '--key', keyPath(client, folder), '--peers', peersFile];
      const places = [
        ...['--dir', join(config.output_dir, 'clients', partyName(client))],
        ...['--datasets-dir', config.datasets_dir],
        ...(config.data_dir === '' ? [] : ['--data-dir', config.data_dir]),
      ];
      await makeFolder(join(config.output_dir, 'clients'));
      const log = join(config.output_dir, 'clients', `${partyName(client)}.log`);
      opened.push(startClient(client, [broker.url, ...args, ...places], log, warn));
    }
    return { url: broker.url, keyFile: keyPath('server', folder), peersFile, caFile: '', close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Makes the files of the run in its folder; gives the broker's. */
async function makeKeys(numClients: number, folder: string): Promise<string> {
  const parties = makeParties(numClients);
  const path = join(folder, 'nats.conf');
  const content = brokerConfig(parties.peers, { host: '127.0.0.1', port: -1 });
  await makeFiles([...filesOf(parties, folder), { path, content, isSecret: false }]);
  return path;
}

/** A client's process, started again where it ends unasked. */
function startClient(
  client: number,
  args: readonly string[],
  logFile: string,
  warn: (message: string) => void,
): { close(): Promise<void> } {
  const program = fileURLToPath(new URL('../../main.js', import.meta.url));
  let isClosing = false;
  let numStarts = 0;
  let current: ChildProcess;
  const start = () => {
    numStarts++;
    const log = openSync(logFile, 'a');
    // Of a group of its own: Ctrl-C is for the server, which finishes its batch with the clients.
    current = spawn(process.execPath, [program, 'join', ...args, '--until-stdin-ends'], {
      detached: true,
      stdio: ['pipe', log, log],
      env: environmentWithoutOptions(),
    });
    closeSync(log);
    current.once('exit', (code, signal) => {
      if (isClosing || code === 0) return;
      warn(`the process of client ${client} ended (${signal ?? `exit code ${code}`}): see ${logFile}`);
      if (numStarts < MAX_STARTS) start();
    });
  };
  start();
  return {
    async close() {
      isClosing = true;
      if (current.exitCode !== null || current.signalCode !== null) return;
      const ended = once(current, 'exit');
      current.kill('SIGTERM');
      await ended;
    },
  };
}
