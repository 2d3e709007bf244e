import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import type { Party } from '../../src/link/nats/party_keys.js';
import { newFolder, removeFolders, trainOnce } from '../support/e2e_command.js';
import { openHosts, unionOf, type Hosts } from '../support/hosts.js';
import { hasNatsServer } from '../support/nats_server.js';
import { openNetwork, whyNoNetwork, type Network } from '../support/network.js';

const CLIENTS = [0, 1, 2];
const HOSTS: readonly (Party | 'broker')[] = ['broker', 'server', ...CLIENTS];
const OPTIONS = [
  ...['--n-workers', String(CLIENTS.length), '--n-epochs', '1', '--max-samples', '600', '--plots', 'false'],
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
  this.timeout(90_000);
  let network: Network;
  let hosts: Hosts;
  let undisturbed: Readonly<Record<string, string>>;
  const hostOf = (party: Party | 'broker') => HOSTS.indexOf(party);

  before(async () => {
    const { directory } = await trainOnce(OPTIONS, { cwd: newFolder() });
    undisturbed = unionOf(directory);
  });
  beforeEach(async () => {
    network = await openNetwork(HOSTS.map(() => LINE));
    hosts = await openHosts(CLIENTS.length, {
      brokerAddress: network.addresses[hostOf('broker')],
      on: (party) => (command) => network.on(hostOf(party), command),
    });
  });
  afterEach(async () => {
    await hosts.close();
    await network.close();
  });
  after(removeFolders);

  for (const cutOff of [undefined, 1, 'server', 'broker'] as const) {
    const what = cutOff === undefined ? 'late and lost packets' : `12 s without ${nameOf(cutOff)}`;
    it(`train to the bytes of one process through ${what}`, async () => {
      for (const client of CLIENTS) hosts.join(client);
      const server = hosts.serve(OPTIONS);
      if (cutOff !== undefined) {
        await server.says(AT_CLIENT_1);
        await network.cut(hostOf(cutOff));
        await setTimeout(PARTITION_MS);
        await network.mend(hostOf(cutOff));
      }
      const { stdout, stderr, exitCode } = await server.end;
      expect(exitCode, stdout + stderr).to.equal(0);
      if (cutOff !== undefined) expect(stdout + stderr).to.match(/client \d is gone: it is silent/);
      const folders = CLIENTS.map((client) => hosts.clientFolder(client));
      expect(unionOf(hosts.runDirectory(), folders)).to.deep.equal(undisturbed);
    });
  }
}

function nameOf(party: Party | 'broker'): string {
  return typeof party === 'number' ? `client ${party}` : `the ${party}`;
}
