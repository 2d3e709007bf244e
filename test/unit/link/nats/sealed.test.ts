import { expect } from 'chai';
import { randomBytes, sign } from 'node:crypto';
import { ProtocolError } from '../../../../src/core/errors.js';
import type { ParcelContext } from '../../../../src/link/nats/parcel_context.js';
import { openParcel, SEAL_BYTES, sealParcel } from '../../../../src/link/nats/sealed.js';
import { thrown } from '../../../support/link_errors.js';
import { makeParties } from '../../../../src/link/nats/parties.js';

const { clients, peers } = makeParties(3);
const [alice, bob, carol] = clients;
const context: ParcelContext = {
  ...{ run: 'start 1', kind: 'head', generation: 2, step: 30, round: 4, from: 0, to: 1 },
};
const bytes = Uint8Array.of(1, 2, 3, 4, 5);
const seal = (change: Partial<ParcelContext> = {}, keys = alice) =>
  sealParcel(bytes, { keys, peers }, { ...context, ...change });
const open = (parcel: Uint8Array, expected: Partial<ParcelContext> = {}, keys = bob) =>
  openParcel(parcel, { keys, peers }, { ...context, ...expected });
const refusal = (run: () => unknown) => thrown(run, ProtocolError, 'ERR_HAND_OVER').message;

describe('a sealed parcel', () => {
  it('gives back its bytes, in a buffer of their own', () => {
    for (const content of [bytes, new Uint8Array(), new Uint8Array(randomBytes(100_000))]) {
      const parcel = sealParcel(content, { keys: alice, peers }, context);
      expect(parcel.byteLength).to.equal(content.byteLength + SEAL_BYTES);
      const opened = open(parcel);
      expect(Buffer.from(opened).equals(content)).to.equal(true);
      expect(opened.buffer.byteLength).to.equal(content.byteLength);
    }
  });

  it('is opened where it lies in a larger buffer', () => {
    const parcel = seal();
    const inside = new Uint8Array(parcel.byteLength + 20);
    inside.set(parcel, 7);
    expect(open(inside.subarray(7, 7 + parcel.byteLength))).to.deep.equal(bytes);
  });

  it('shows nothing of its content, and is never the same twice', () => {
    const content = Buffer.from('weights of the head '.repeat(20));
    const [one, other] = [0, 1].map(() => Buffer.from(sealParcel(content, { keys: alice, peers }, context)));
    expect(one.includes('weights')).to.equal(false);
    expect(one.equals(other)).to.equal(false);
  });

  it('keeps numbers to the last bit', () => {
    const step = Number.MAX_SAFE_INTEGER;
    const parcel = seal({ step });
    expect(open(parcel, { step })).to.deep.equal(bytes);
    expect(refusal(() => open(parcel, { step: step - 1 }))).to.include(
      `its step is ${step} instead of ${step - 1}`,
    );
  });

  it('may be opened by whoever knows only from whom it is', () => {
    const { run, from, to } = context;
    expect(openParcel(seal(), { keys: bob, peers }, { run, from, to })).to.deep.equal(bytes);
  });
});

describe('a parcel is refused', () => {
  it('wherever one bit of it was altered', () => {
    const parcel = seal();
    for (let at = 0; at < parcel.byteLength; at++) {
      const altered = Uint8Array.from(parcel);
      altered[at] ^= 1 << (at % 8);
      expect(refusal(() => open(altered))).to.match(/client 0 did not sign it as it is|it is of version 0/);
    }
  });

  it('wherever it was cut short, or made longer', () => {
    const parcel = seal();
    for (let length = 0; length < parcel.byteLength; length++)
      expect(refusal(() => open(parcel.subarray(0, length)))).to.match(
        /fewer than any parcel|did not sign it as it is/,
      );
    expect(refusal(() => open(Buffer.concat([parcel, Uint8Array.of(0)])))).to.include(
      'did not sign it as it is',
    );
  });

  const replays: Readonly<Record<string, readonly [Partial<ParcelContext>, RegExp]>> = {
    generation: [{ generation: 3 }, /its generation is 2 instead of 3/],
    step: [{ step: 31 }, /its step is 30 instead of 31/],
    round: [{ round: 5 }, /its round is 4 instead of 5/],
    kind: [{ kind: 'sum' }, /it is not a sum/],
    'start of the run': [{ run: 'start 2' }, /it was sealed for another run, or another start of this one/],
  };
  for (const [what, [expected, says]] of Object.entries(replays)) {
    it(`that was sealed for another ${what}`, () => {
      expect(refusal(() => open(seal(), expected))).to.match(says);
    });
  }

  it('that another client signed, whatever it says of its sender', () => {
    expect(refusal(() => open(seal({}, carol)))).to.include('client 0 did not sign it as it is');
    expect(refusal(() => open(seal({ from: 2 }, carol)))).to.include('client 0 did not sign it as it is');
    // Its own signature over what Alice sealed: the context still names Alice.
    const stolen = seal();
    const end = stolen.byteLength - 64;
    stolen.set(sign(null, stolen.subarray(0, end), carol.sign), end);
    expect(refusal(() => open(stolen, { from: 2 }))).to.include('its from is 0 instead of 2');
  });

  it('by a client whom it was not sealed for', () => {
    expect(refusal(() => open(seal(), { to: 2 }, carol))).to.include('its to is 1 instead of 2');
    expect(refusal(() => open(seal(), {}, carol))).to.include('it is not sealed for the key of this client');
  });

  it('that was sealed among other peers', () => {
    const others = {
      ...peers,
      fingerprint: peers.fingerprint.replace(/^./, (first) => (first === '0' ? '1' : '0')),
    };
    const parcel = sealParcel(bytes, { keys: alice, peers: others }, context);
    expect(refusal(() => open(parcel))).to.include('another run');
  });

  it('that is from or to a client who is not on the list, or at a step that is none', () => {
    expect(refusal(() => seal({ to: 3 }))).to.include('client 3 is not on the list of peers');
    expect(refusal(() => seal({ to: -1 }))).to.include('client -1 is not on the list of peers');
    expect(refusal(() => open(seal(), { from: 7 }))).to.include('client 7 is not on the list of peers');
    for (const step of [-1, 0.5, NaN, 2 ** 53])
      expect(refusal(() => seal({ step }))).to.include(`its step is ${step}`);
  });

  it('with who sent it and who refused it', () => {
    const { message, details } = thrown(() => open(seal(), { step: 9 }), ProtocolError, 'ERR_HAND_OVER');
    expect(details).to.deep.equal({ from: 0, to: 1 });
    expect(message).to.match(/^Client 1 refused what client 0 sealed for it: .*It was not applied\.$/);
  });
});
