import { join } from 'node:path';
import type { Command } from 'commander';
import { ConfigError } from '../core/errors.js';
import { makeFiles } from '../link/nats/key_files.js';
import { toKeyYaml } from '../link/nats/key_yaml.js';
import {
  halfToPlain,
  makePartyKeys,
  partyName,
  publicHalf,
  type Party,
  type PartyKeys,
} from '../link/nats/party_keys.js';
import { filesOf, keyFile, makeParties, peersPath } from '../link/nats/parties.js';
import { wholeNumber } from './whole_number.js';

const MAX_CLIENTS = 10_000;

interface KeysOptions {
  readonly client?: number;
  readonly server?: true;
  readonly clients?: number;
  readonly out: string;
}

/** `bloom-split keys`: makes the keys of a party of a run on several hosts. */
export function addKeysCommand(program: Command): void {
  program
    .command('keys')
    .description(
      'Make the keys of one party of a run on several hosts, on its own machine: a private file that stays there, and a public half for the others.',
    )
    .option(
      '--client <number>',
      'for the client of this number, from 0',
      wholeNumber('--client', 0, MAX_CLIENTS - 1),
    )
    .option('--server', 'for the server')
    .option(
      '--clients <number>',
      'for tests: the keys of the server and of so many clients in one place, and peers.yaml',
      wholeNumber('--clients', 1, MAX_CLIENTS),
    )
    .option('--out <folder>', 'where the files are made', '.')
    .action(async (options: KeysOptions) => {
      refuseUnlessOne(options);
      const { client, clients, out } = options;
      if (clients === undefined) await makePair(client ?? 'server', out);
      else await makeSet(clients, out);
    });
}

async function makePair(party: Party, out: string): Promise<void> {
  const keys = makePartyKeys(party);
  const name = partyName(party);
  const half = { path: join(out, `${name}.pub.yaml`), content: halfToYaml(keys), isSecret: false };
  const secret = keyFile(keys, out);
  await makeFiles([secret, half]);
  process.stdout.write(
    `${secret.path}  private: stays on this machine, nobody else's eyes\n` +
      `${half.path}  public: give it to whoever makes the list with \`bloom-split peers\`\n`,
  );
}

async function makeSet(numClients: number, out: string): Promise<void> {
  const parties = makeParties(numClients);
  await makeFiles(filesOf(parties, out));
  process.stdout.write(
    `${peersPath(out)}  public keys of run ${parties.peers.runName}\n` +
      `${join(out, '*.key.yaml')}  private keys of the server and ${numClients} clients\n` +
      'For tests: whoever made them can read every head. Where parties do not share one machine, each makes its own with ' +
      '`bloom-split keys --client NUMBER`.\n',
  );
}

function halfToYaml(keys: PartyKeys): string {
  const name = partyName(keys.party);
  return toKeyYaml(`Public half of the keys of ${name}: no secret.`, halfToPlain(publicHalf(keys)));
}

function refuseUnlessOne({ client, server, clients }: KeysOptions): void {
  const numGiven = [client, server, clients].filter((each) => each !== undefined).length;
  if (numGiven === 1) return;
  throw new ConfigError(
    'ERR_KEYS_WHOSE',
    `Whose keys? Give one of \`--client NUMBER\`, \`--server\` and, for tests, \`--clients NUMBER\`: ${numGiven} are given.`,
  );
}
