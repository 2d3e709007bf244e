import { expect } from 'chai';
import { sign } from 'node:crypto';
import { ProtocolError } from '../../../src/core/errors.js';
import { parseKeyYaml } from '../../../src/link/nats/key_yaml.js';
import type { ParcelContext } from '../../../src/link/nats/parcel_context.js';
import { halfToPlain, keysFromYaml, keysToYaml } from '../../../src/link/nats/party_keys.js';
import { halvesOf, joinPeers, peersToYaml } from '../../../src/link/nats/peers.js';
import { openParcel, sealParcel } from '../../../src/link/nats/sealed.js';
import { fuzz, fuzzBytes, fuzzJson, numRuns } from '../../support/fuzz.js';
import { damagedFiles } from '../../support/fuzz_inputs.js';
import { makeParties } from '../../../src/link/nats/parties.js';

const SIGNATURE_BYTES = 64;

describe('fuzzing: keys, peers, and what peers seal', function () {
  this.timeout(60_000 + 60 * numRuns);
  const { clients, peers } = makeParties(2);
  const [sender, receiver] = clients;

  const readKeys = (text: string | Uint8Array) =>
    keysFromYaml(parseKeyYaml(Buffer.from(text), 'my.key.yaml'));
  const readPeers = (text: string | Uint8Array) =>
    joinPeers(halvesOf(Buffer.from(text), 'peers.yaml'), 'peers.yaml');

  it('key files', () => fuzzBytes([Buffer.from(keysToYaml(sender))], readKeys));
  it('key files with strange parts', () => {
    const texts = keysToYaml(sender).matchAll(/^(\w+): (\S+)$/gm);
    return fuzzJson(Object.fromEntries(Array.from(texts, ([, name, value]) => [name, value])), readKeys);
  });
  it('lists of peers', () => fuzzBytes([Buffer.from(peersToYaml(peers))], readPeers));
  it('lists of peers with strange parts', () =>
    fuzzJson([peers.server, ...peers.clients].map(halfToPlain), readPeers));

  const context: ParcelContext = {
    ...{ run: 'start', kind: 'sum', generation: 1, step: 20, round: 3, from: 0, to: 1 },
  };
  const whole = sealParcel(Buffer.from('a sum of heads'), { keys: sender, peers }, context);
  const open = (parcel: Uint8Array) => openParcel(parcel, { keys: receiver, peers }, context);

  it('sealed parcels', () => fuzzBytes([whole], open, ProtocolError));
  it('sealed parcels that their sender damaged before it signed them', async () => {
    const signed = whole.subarray(0, -SIGNATURE_BYTES);
    const decode = (part: Uint8Array) => open(Buffer.concat([part, sign(null, part, sender.sign)]));
    expect(Buffer.from(decode(signed)).toString()).to.equal('a sum of heads');
    const numRefused = await fuzz(damagedFiles([signed]), (part) => part.length, {
      decode,
      refusal: ProtocolError,
    });
    expect(numRefused).to.be.above(0);
  });
});
