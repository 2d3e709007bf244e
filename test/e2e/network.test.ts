import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import type { Party } from '../../src/link/nats/party_keys.js';
import { newFolder, removeFolders, trainOnce } from '../support/e2e_command.js';
import { openHosts, unionOf } from '../support/hosts.js';
import { hasNatsServer } from '../support/nats_server.js';
import { openNetwork, whyNoNetwork } from '../support/network.js';

const CLIENTS = [0, 1, 2];
const HOSTS: readonly (Party | 'broker')[] = ['broker', 'server', ...CLIENTS];
const OPTIONS = [
  ...['--n-workers', String(CLIENTS.length), '--n-epochs', '1', '--max-samples', '300', '--plots', 'false'],
  ...['--checkpoint-min-s', '0', '--checkpoint-every', '3', '--forgetting', 'off'],
];
/** A packet takes 50 ms from one host to another, and one in a hundred is lost. */
const LINE = { delayMs: 25, loss: 0.01, upMbit: 0, downMbit: 0 };
/** Longer than it takes to find that somebody is lost. */
const PARTITION_MS = 12_000;
/** In the visit of client 1. */
const AT_CLIENT_1 = /client 0 +\d+ rows/;

const why = hasNatsServer ? whyNoNetwork() : 'there is no nats-server on the PATH';
if (why === undefined) describe('hosts on a bad network', networkTests);
else
  describe('hosts on a bad network', () => {
    it.skip(`skipped, since network namespaces cannot be joined here: ${why}`);
  });

function networkTests(this: Mocha.Suite): void {
  this.timeout(120_000);
  const cuts = [undefined, 1, 'server', 'broker'] as const;
  let undisturbed: Readonly<Record<string, string>>;
  let runs: readonly Promise<Ended>[] = [];

  before(async () => {
    const { directory } = await trainOnce(OPTIONS, { cwd: newFolder() });
    undisturbed = unionOf(directory);
    // All at once: they wait for most of their time.
    runs = cuts.map(trainWithout);
    for (const run of runs) run.catch(() => undefined);
  });
  after(async () => {
    await Promise.allSettled(runs);
    removeFolders();
  });

  for (const [index, cutOff] of cuts.entries()) {
    const what = cutOff === undefined ? 'late and lost packets' : `12 s without ${nameOf(cutOff)}`;
    it(`train to the bytes of one process through ${what}`, async () => {
      const { output, exitCode, union } = await runs[index];
      expect(exitCode, output).to.equal(0);
      if (cutOff !== undefined) expect(output).to.match(/client \d is gone: it is silent/);
      expect(union).to.deep.equal(undisturbed);
    });
  }
}

interface Ended {
  readonly output: string;
  readonly exitCode: number | null;
  readonly union: Readonly<Record<string, string>> | undefined;
}

/** A run on a network of its own, from which somebody is cut off for a while. */
async function trainWithout(cutOff: Party | 'broker' | undefined): Promise<Ended> {
  const hostOf = (party: Party | 'broker') => HOSTS.indexOf(party);
  const network = await openNetwork(HOSTS.map(() => LINE));
  try {
    const hosts = await openHosts(CLIENTS.length, {
      brokerAddress: network.addresses[hostOf('broker')],
      on: (party) => (command) => network.on(hostOf(party), command),
    });
    try {
      for (const client of CLIENTS) hosts.join(client);
      const server = hosts.serve(OPTIONS);
      if (cutOff !== undefined) {
        await server.says(AT_CLIENT_1);
        await network.cut(hostOf(cutOff));
        await setTimeout(PARTITION_MS);
        await network.mend(hostOf(cutOff));
      }
      const { stdout, stderr, exitCode } = await server.end;
      const folders = CLIENTS.map((client) => hosts.clientFolder(client));
      const union = exitCode === 0 ? unionOf(hosts.runDirectory(), folders) : undefined;
      return { output: stdout + stderr, exitCode, union };
    } finally {
      await hosts.close();
    }
  } finally {
    await network.close();
  }
}

function nameOf(party: Party | 'broker'): string {
  return typeof party === 'number' ? `client ${party}` : `the ${party}`;
}
