import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environmentWithoutOptions } from '../../config/tracking.js';
import type { RunConfig } from '../../config/run_config.js';
import { makeFolder } from '../../core/files.js';
import { brokerConfig } from '../../link/nats/broker_config.js';
import { makeFiles } from '../../link/nats/key_files.js';
import { keysToYaml, makePartyKeys, partyName, publicHalf } from '../../link/nats/party_keys.js';
import { joinPeers, peersToYaml } from '../../link/nats/peers.js';
import { startBroker } from './broker_process.js';
import type { SideOptions } from './client_side.js';

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
  const folder = await mkdtemp(join(tmpdir(), 'bloom-split-hosts-'));
  const opened: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const each of opened.reverse()) await each.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { keyFiles, peersFile, brokerFile } = await makeKeys(config.n_workers, folder);
    const broker = await startBroker(brokerFile, folder);
    opened.push(broker);
    for (const [client, keyFile] of keyFiles.clients.entries()) {
      const args = ['--client', String(client), '--key', keyFile, '--peers', peersFile];
      const places = [
        ...['--dir', join(config.output_dir, 'clients', partyName(client))],
        ...['--datasets-dir', config.datasets_dir],
        ...(config.data_dir === '' ? [] : ['--data-dir', config.data_dir]),
      ];
      await makeFolder(join(config.output_dir, 'clients'));
      const log = join(config.output_dir, 'clients', `${partyName(client)}.log`);
      opened.push(startClient(client, [broker.url, ...args, ...places], log, warn));
    }
    return { url: broker.url, keyFile: keyFiles.server, peersFile, caFile: '', close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeKeys(numClients: number, folder: string) {
  const server = makePartyKeys('server');
  const clients = Array.from({ length: numClients }, (_, client) => makePartyKeys(client));
  const peers = joinPeers([server, ...clients].map(publicHalf), 'the list made for this run');
  const at = (name: string) => join(folder, name);
  const [peersFile, brokerFile] = [at('peers.yaml'), at('nats.conf')];
  const keyFileOf = (party: 'server' | number) => at(`${partyName(party)}.key.yaml`);
  await makeFiles([
    ...[server, ...clients].map((keys) => ({
      path: keyFileOf(keys.party),
      content: keysToYaml(keys),
      isSecret: true,
    })),
    { path: peersFile, content: peersToYaml(peers), isSecret: false },
    { path: brokerFile, content: brokerConfig(peers, { host: '127.0.0.1', port: -1 }), isSecret: false },
  ]);
  const keyFiles = { server: keyFileOf('server'), clients: clients.map((_, client) => keyFileOf(client)) };
  return { keyFiles, peersFile, brokerFile };
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
