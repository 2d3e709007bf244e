import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { ConfigError } from '../core/errors.js';
import { partyName } from '../link/nats/party_keys.js';
import { BEAT_EVERY_MS, watchBeats, type BeatState } from '../link/nats/presence.js';
import { subjectsOf } from '../link/nats/subjects.js';
import { alignColumns } from '../report/table.js';
import { connectParty } from './hosts/party.js';
import { wholeNumber } from './whole_number.js';

/** Everybody who is there has been heard by then. */
const LISTEN_MS = 2.5 * BEAT_EVERY_MS;

interface StatusOptions {
  readonly client?: number;
  readonly server?: true;
  readonly key: string;
  readonly peers: string;
  readonly ca: string;
}

/** `bloom-split status`: who of a run on several hosts is there, and what they do. */
export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description(
      'Show who of a run on several hosts is there, and what they do. Any party may ask, with its own keys.',
    )
    .argument('<url>', 'address of the NATS server')
    .option('--client <number>', 'as this client', wholeNumber('--client', 0, 10_000))
    .option('--server', 'as the server')
    .requiredOption('--key <file>', 'keys of whoever asks')
    .requiredOption('--peers <file>', "everybody's public keys")
    .option('--ca <file>', 'certificate of the authority that signed that of the NATS server', '')
    .action(async (url: string, { client, server, key, peers: peersFile, ca }: StatusOptions) => {
      if ((client === undefined) === (server === undefined))
        throw new ConfigError('ERR_STATUS', 'Say who asks: `--server`, or `--client` with its number.');
      const warn = (message: string) => process.stderr.write(`warning: ${message}\n`);
      const { connection, correspondence } = await connectParty(client ?? 'server', {
        url,
        keyFile: key,
        peersFile,
        caFile: ca,
        warn,
      });
      try {
        const { runName, clients } = correspondence.peers;
        const heard = new Map<string, BeatState>();
        const watch = watchBeats(connection, subjectsOf(runName).allBeats, (name, state) =>
          heard.set(name, state),
        );
        await setTimeout(LISTEN_MS);
        watch.close();
        const rows = (['server', ...clients.keys()] as const).map((party) => [
          partyName(party),
          phaseOf(heard.get(String(party))),
        ]);
        process.stdout.write(`${alignColumns(rows).join('\n')}\n`);
      } finally {
        await connection.close();
      }
    });
}

function phaseOf(state: BeatState | undefined): string {
  return state === undefined ? 'not there' : String(state.phase);
}
