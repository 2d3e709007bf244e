import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, DataError } from '../../../../src/core/errors.js';
import { makePartyKeys, publicHalf, type PublicHalf } from '../../../../src/link/nats/party_keys.js';
import {
  halvesOf,
  joinPeers,
  peersToYaml,
  readPeers,
  requireListed,
} from '../../../../src/link/nats/peers.js';
import { foldersOf } from '../../../support/folders.js';
import { rejection, thrown } from '../../../support/link_errors.js';
import { makeParties } from '../../../../src/link/nats/parties.js';

const { server, clients, peers } = makeParties(3);
const halves = [peers.server, ...peers.clients];

describe('the list of peers', () => {
  const newFolder = foldersOf();

  it('comes back from its file as it was', async () => {
    const path = join(newFolder(), 'peers.yaml');
    writeFileSync(path, peersToYaml(peers));
    expect(await readPeers(path)).to.deep.equal(peers);
    expect(halvesOf(Buffer.from(peersToYaml(peers)), path)).to.deep.equal(halves);
  });

  it('names its run after its keys, in whatever order they came', () => {
    const keys = halves.map(({ broker, sign, seal }) => [broker, sign, seal]);
    const sha256 = createHash('sha256').update(JSON.stringify(keys)).digest('hex');
    expect(peers).to.include({ fingerprint: sha256, runName: sha256.slice(0, 16) });
    expect(joinPeers(halves.toReversed(), 'Here')).to.deep.equal(peers);
  });

  it('is another run where one key is another, or two clients change places', () => {
    const changed = halves.with(1, publicHalf(makePartyKeys(0)));
    const exchanged = halves.map((half) => ({
      ...half,
      party: half.party === 1 ? 2 : half.party === 2 ? 1 : half.party,
    }));
    const names = [halves, changed, exchanged].map((list) => joinPeers(list, 'Here').runName);
    expect(new Set(names).size).to.equal(3);
  });

  const with1 = (change: Partial<PublicHalf>) => halves.with(1, { ...halves[1], ...change });
  const wrong: Readonly<Record<string, readonly [readonly PublicHalf[], RegExp]>> = {
    'without a server': [halves.slice(1), /^Here: the server is missing\./],
    'without a client': [halves.slice(0, 1), /^Here: it has no client\./],
    'with a gap': [halves.toSpliced(2, 1), /client-1 is missing \(it has 2 clients, numbered from 0\)/],
    'with a party twice': [[...halves, halves[3]], /client-2 is there twice/],
    'with a broker key twice': [
      with1({ broker: halves[2].broker }),
      /client-0 and client-1 have the same `broker` key/,
    ],
    'with a signing key twice': [
      with1({ sign: halves[3].sign }),
      /client-0 and client-2 have the same `sign` key/,
    ],
    'with a sealing key twice': [
      with1({ seal: halves[0].seal }),
      /server and client-0 have the same `seal` key/,
    ],
  };
  for (const [what, [list, says]] of Object.entries(wrong)) {
    it(`${what} is refused`, () => {
      const { message } = thrown(() => joinPeers(list, 'Here'), DataError, 'ERR_PEERS');
      expect(message).to.match(says);
      expect(message).to.include('`bloom-split peers`');
    });
  }

  it('that is empty or missing is refused', async () => {
    thrown(() => halvesOf(Buffer.from('[]'), 'peers.yaml'), DataError, 'ERR_KEY_FILE');
    await rejection(readPeers('nowhere.yaml'), DataError, 'ERR_READ');
  });
});

describe('whose keys are on the list', () => {
  it('may take part', () => {
    requireListed(server, 'server', peers);
    for (const [client, keys] of clients.entries()) requireListed(keys, client, peers);
  });

  it("may not with somebody else's", () => {
    const { message } = thrown(
      () => {
        requireListed(clients[2], 1, peers);
      },
      ConfigError,
      'ERR_KEY_PARTY',
    );
    expect(message).to.include('The key file is of client-2, but client-1 was started with it.');
  });

  it('may not with keys made anew, nor without being listed', () => {
    const renewed = thrown(
      () => {
        requireListed(makePartyKeys(1), 1, peers);
      },
      ConfigError,
      'ERR_KEY_NOT_LISTED',
    );
    expect(renewed.message).to.include('other keys for client-1 than its key file');
    const fourth = thrown(
      () => {
        requireListed(makePartyKeys(3), 3, peers);
      },
      ConfigError,
      'ERR_KEY_NOT_LISTED',
    );
    expect(fourth.message).to.include('client-3 is not on the list of peers, which has 3 clients');
  });
});
