import { expect } from 'chai';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { ProtocolError } from '../../../src/core/errors.js';
import type { SegmentState } from '../../../src/engine/engine.js';
import {
  HeadExchange,
  packHead,
  receiptOf,
  unpackHead,
  type HeadParcel,
} from '../../../src/link/head_exchange.js';
import type { HandOverRequest } from '../../../src/link/messages.js';
import { rejection, thrown } from '../../support/link_errors.js';
import { expectSameState } from '../../support/segments.js';

const request: HandOverRequest = {
  generation: 2,
  step: 30,
  round: 4,
  from: 0,
  to: 1,
  handoff: 'weights_and_optimizer',
};

/** Two layer groups, of 3 and 2 parameters, under Adam. */
function state(): SegmentState {
  const vector = (...values: number[]) => Float32Array.from(values);
  return {
    weights: vector(1, -2, 3, NaN, -0),
    optimizers: [
      { step: 5, slots: [vector(0.1, 0.2, 0.3), vector(1, 2, 3)] },
      { step: 6, slots: [vector(0.4, 0.5), vector(4, 5)] },
    ],
  };
}

describe('packHead and unpackHead', () => {
  it('give back every bit', () => {
    expectSameState(unpackHead(packHead(request, state()), request), state());
  });

  it('take over the buffers instead of copying them', () => {
    const packed = state();
    const parcel = packHead(request, packed);
    expect(parcel.weights).to.equal(packed.weights.buffer);
    expect(parcel.optimizers[1].slots[0]).to.equal(packed.optimizers[1].slots[0].buffer);
    expect(unpackHead(parcel, request).weights.buffer).to.equal(packed.weights.buffer);
  });

  it('the receipt tells checksum and size', () => {
    const parcel = packHead(request, state());
    expect(parcel.sha256).to.match(/^[0-9a-f]{64}$/);
    expect(receiptOf(parcel)).to.deep.equal({ sha256: parcel.sha256, sizeBytes: 4 * (5 + 6 + 4) });
    expect(receiptOf(packHead(request, { ...state(), optimizers: [] })).sizeBytes).to.equal(4 * 5);
  });

  it('the checksum is of the contents alone', () => {
    const { sha256 } = packHead(request, state());
    expect(packHead({ ...request, round: 9 }, state()).sha256).to.equal(sha256);
    expect(packHead(request, { ...state(), optimizers: [] }).sha256).not.to.equal(sha256);
  });

  const wrong: Readonly<Record<string, Partial<HandOverRequest>>> = {
    generation: { generation: 1 },
    step: { step: 31 },
    round: { round: 5 },
    from: { from: 2 },
    to: { to: 0 },
    handoff: { handoff: 'weights' },
  };
  for (const [key, change] of Object.entries(wrong)) {
    it(`refuse a parcel of another ${key}`, () => {
      const parcel = packHead({ ...request, ...change }, state());
      const error = thrown(() => unpackHead(parcel, request), ProtocolError, 'ERR_HAND_OVER');
      expect(error.message).to.match(new RegExp(`^Client 1 refused the head from client 0: its ${key} is `));
      expect(error.details).to.deep.equal({ from: 0, to: 1 });
    });
  }

  /** Changes the highest bit of one byte. */
  const flip = (buffer: ArrayBuffer, at: number) => (new Uint8Array(buffer)[at] ^= 0x80);
  const tampered: Readonly<Record<string, (parcel: HeadParcel) => HeadParcel>> = {
    'a byte of the weights': (parcel) => {
      flip(parcel.weights, 7);
      return parcel;
    },
    'the sign of a zero': (parcel) => {
      flip(parcel.weights, 19);
      return parcel;
    },
    "a byte of an optimiser's slot": (parcel) => {
      flip(parcel.optimizers[1].slots[1], 3);
      return parcel;
    },
    "an optimiser's step count": (parcel) => {
      const [first, second] = parcel.optimizers;
      return { ...parcel, optimizers: [first, { ...second, step: 7 }] };
    },
    'an optimiser left out': (parcel) => ({ ...parcel, optimizers: parcel.optimizers.slice(1) }),
    'two slots exchanged': (parcel) => {
      const [first, second] = parcel.optimizers;
      return { ...parcel, optimizers: [{ ...first, slots: first.slots.toReversed() }, second] };
    },
    'the checksum': (parcel) => ({
      ...parcel,
      sha256: parcel.sha256.replace(/^./, (c) => (c === '0' ? '1' : '0')),
    }),
  };
  for (const [what, tamper] of Object.entries(tampered)) {
    it(`refuse a parcel with changed contents: ${what}`, () => {
      const parcel = tamper(packHead(request, state()));
      const error = thrown(() => unpackHead(parcel, request), ProtocolError, 'ERR_HAND_OVER');
      expect(error.message).to.include('its SHA-256 differs from its contents');
    });
  }
});

describe('HeadExchange', () => {
  const exchanges: HeadExchange[] = [];
  afterEach(() => {
    for (const exchange of exchanges.splice(0)) exchange.close();
  });

  /** Clients 0, 2, 4 on thread 0, and 1, 3, 5 on thread 1. */
  const open = (thread: number, ports: ReadonlyMap<number, MessagePort>) => {
    const exchange = new HeadExchange(thread, (client) => client % 2, ports);
    exchanges.push(exchange);
    return exchange;
  };
  const openPair = () => {
    const { port1, port2 } = new MessageChannel();
    return [open(0, new Map([[1, port1]])), open(1, new Map([[0, port2]]))] as const;
  };
  const parcelTo = (to: number, step = 0) => packHead({ ...request, to, step }, state());

  it('delivers in its own thread, whether it was sent or waited for first', async () => {
    const exchange = open(0, new Map());
    const [early, late] = [parcelTo(2), parcelTo(4)];
    exchange.send(early);
    expect(await exchange.receive(2)).to.equal(early);
    const waiting = exchange.receive(4);
    exchange.send(late);
    expect(await waiting).to.equal(late);
  });

  it('delivers to another thread that waits already', async () => {
    const [here, there] = openPair();
    const waiting = there.receive(3);
    here.send(parcelTo(3));
    expectSameState(unpackHead(await waiting, { ...request, to: 3, step: 0 }), state());
  });

  it('keeps what comes from another thread until it is asked for', async () => {
    const [here, there] = openPair();
    here.send(parcelTo(1, 7));
    here.send(parcelTo(3, 8));
    // The second has come: so has the first, which nobody waited for.
    expect((await there.receive(3)).step).to.equal(8);
    const parcel = await there.receive(1);
    expectSameState(unpackHead(parcel, { ...request, to: 1, step: 7 }), state());
  });

  it('moves the buffers to another thread, and keeps none', async () => {
    const [here, there] = openPair();
    const sent = state();
    here.send(packHead({ ...request, to: 1 }, sent));
    await there.receive(1);
    const vectors = [sent.weights, ...sent.optimizers.flatMap(({ slots }) => slots)];
    expect(vectors.map(({ byteLength }) => byteLength)).to.deep.equal([0, 0, 0, 0, 0]);
  });

  it('gives each parcel to one receiver only, and to its own', async () => {
    const exchange = open(0, new Map());
    const [first, second, other] = [parcelTo(2, 1), parcelTo(2, 2), parcelTo(4, 3)];
    const waiting = [exchange.receive(2), exchange.receive(4)];
    exchange.send(other);
    exchange.send(first);
    exchange.send(second);
    expect(await Promise.all(waiting)).to.deep.equal([first, other]);
    expect(await exchange.receive(2)).to.equal(second);
  });

  it('refuses to send where it has no port, and keeps the buffers', async () => {
    const exchange = open(0, new Map());
    const parcel = parcelTo(1);
    const sending = Promise.resolve().then(() => {
      exchange.send(parcel);
    });
    const error = await rejection(sending, ProtocolError, 'ERR_NO_PEER');
    expect(error.message).to.equal('Thread 0 has no port to thread 1.');
    expect(parcel.weights.byteLength).to.equal(20);
  });
});
