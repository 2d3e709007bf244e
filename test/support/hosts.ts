import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brokerConfig } from '../../src/link/nats/broker_config.js';
import { makeFiles } from '../../src/link/nats/key_files.js';
import { filesOf, keyPath, makeParties, peersPath } from '../../src/link/nats/parties.js';
import { partyName, type Party } from '../../src/link/nats/party_keys.js';
import type { RunSummary } from '../../src/report/sink.js';
import {
  newFolder,
  onThisHost,
  readJson,
  runDirectories,
  startBloom,
  type On,
  type Running,
} from './e2e_command.js';
import { startNatsServer, type NatsServer } from './nats_server.js';

/** A broker, and the keys of a server and its clients, whose processes a test starts. */
export interface Hosts {
  readonly folder: string;
  readonly broker: NatsServer;
  serve(args: readonly string[]): Running;
  join(client: number, args?: readonly string[]): Running;
  /** `bloom-split ...args` with the server's keys. */
  asServer(command: readonly string[]): Running;
  /** The server's only run directory. */
  runDirectory(): string;
  /** Where a client keeps what is its own. */
  clientFolder(client: number): string;
  /** Kills what still runs, and ends the broker. */
  close(): Promise<void>;
}

/** Where the parties and the broker run. */
export interface Places {
  readonly brokerAddress: string;
  readonly on: (party: Party | 'broker') => On;
}

const oneHost: Places = { brokerAddress: '127.0.0.1', on: () => onThisHost };

export async function openHosts(numClients: number, places = oneHost): Promise<Hosts> {
  const folder = newFolder();
  const parties = makeParties(numClients);
  await makeFiles(filesOf(parties, folder));
  const broker = await startNatsServer(
    brokerConfig(parties.peers, { host: places.brokerAddress, port: -1 }),
    {
      address: places.brokerAddress,
      on: places.on('broker'),
    },
  );
  const started: Running[] = [];
  const start = (party: Party, args: readonly string[]) => {
    const running = startBloom(args, { cwd: folder }, places.on(party));
    started.push(running);
    return running;
  };
  const as = (party: Party) => ['--key', keyPath(party, folder), '--peers', peersPath(folder)];
  const clientFolder = (client: number) => join(folder, partyName(client));
  return {
    folder,
    broker,
    serve: (args) => start('server', ['serve', '--nats', broker.url, ...as('server'), ...args]),
    join: (client, args = []) =>
      start(client, [
        ...['join', broker.url, '--client', String(client), ...as(client)],
        ...['--dir', clientFolder(client), ...args],
      ]),
    asServer: (command) => start('server', [...command, ...as('server')]),
    runDirectory: () => runDirectories(folder)[0],
    clientFolder,
    async close() {
      for (const running of started) running.kill('SIGKILL');
      await Promise.all(started.map(({ end }) => end));
      await broker.close();
    },
  };
}

/**
 * What a run left, in one place or with its clients: SHA-256 of its metrics, tests and parts of the model by name. The parts that
 * clients have are looked for in `folders`.
 */
export function unionOf(
  runDirectory: string,
  folders: readonly string[] = [],
): Readonly<Record<string, string>> {
  const runFolder = runDirectory.split('/').slice(-2).join('_');
  const places = [runDirectory, ...folders.map((folder) => join(folder, runFolder))];
  const result: Record<string, string> = {};
  for (const name of ['metrics.jsonl', 'evaluation.json']) result[name] = sha256(join(runDirectory, name));
  for (const place of places) {
    const model = join(place, 'model');
    for (const name of existsSync(model) ? readdirSync(model) : [])
      if (name.endsWith('.safetensors')) result[name] = sha256(join(model, name));
  }
  const summary = readJson(join(runDirectory, 'summary.json')) as unknown as RunSummary;
  const { loss, accuracy, clients, client_files, traffic } = summary;
  for (const { file, sha256: told } of client_files) result[`${file} as told`] = told;
  return { ...result, summary: JSON.stringify({ loss, accuracy, clients, traffic }) };
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
