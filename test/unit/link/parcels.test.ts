import { expect } from 'chai';
import { ProtocolError } from '../../../src/core/errors.js';
import type { SegmentState } from '../../../src/engine/engine.js';
import type { HandOverRequest, MovedOptimizers } from '../../../src/link/messages.js';
import {
  packHead,
  packSum,
  receiptOf,
  unpackHead,
  unpackSum,
  type HeadParcel,
  type Parcel,
} from '../../../src/link/parcels.js';
import { thrown } from '../../support/link_errors.js';
import { adamState as state, handOver as request } from '../../support/parcels.js';
import { expectSameState } from '../../support/segments.js';

/** One layer group of 2 parameters, under SGD with momentum. */
const momentum = (): SegmentState => ({
  weights: Float32Array.of(7, 8),
  optimizers: [{ step: 0, slots: [Float32Array.of(0.5, 0.25)] }],
});

/** Changes the highest bit of one byte. */
const flip = (buffer: ArrayBuffer, at: number) => (new Uint8Array(buffer)[at] ^= 0x80);

describe('packHead and unpackHead', () => {
  it('give back every bit', () => {
    const states = unpackHead(packHead(request, [state(), momentum()]), request);
    expect(states).to.have.length(2);
    expectSameState(states[0], state());
    expectSameState(states[1], momentum());
  });

  it('take over the buffers instead of copying them', () => {
    const packed = state();
    const parcel = packHead(request, [packed]);
    const [{ weights, optimizers }] = parcel.segments;
    expect(weights).to.equal(packed.weights.buffer);
    expect(optimizers[1].slots[0]).to.equal(packed.optimizers[1].slots[0].buffer);
    expect(unpackHead(parcel, request)[0].weights.buffer).to.equal(packed.weights.buffer);
  });

  it('move the optimisers that they are told to move', () => {
    const moved = (optimizers: MovedOptimizers) => {
      const asked = { ...request, optimizers };
      return unpackHead(packHead(asked, [state(), momentum()]), asked).map(
        (segment) => segment.optimizers.length,
      );
    };
    expect(moved('moved')).to.deep.equal([2, 1]);
    // The last layers, in the U shape, are not the first ones.
    expect(moved('fresh_head')).to.deep.equal([0, 1]);
    expect(moved('fresh')).to.deep.equal([0, 0]);
    expect(moved('own')).to.deep.equal([0, 0]);
  });

  it('the receipt tells checksum and size', () => {
    const parcel = packHead(request, [state()]);
    expect(parcel.sha256).to.match(/^[0-9a-f]{64}$/);
    expect(receiptOf(parcel)).to.deep.equal({ sha256: parcel.sha256, sizeBytes: 4 * (5 + 6 + 4) });
    expect(receiptOf(packHead(request, [{ ...state(), optimizers: [] }])).sizeBytes).to.equal(4 * 5);
  });

  it('the checksum is of the contents alone', () => {
    const { sha256 } = packHead(request, [state()]);
    expect(packHead({ ...request, round: 9 }, [state()]).sha256).to.equal(sha256);
    expect(packHead(request, [{ ...state(), optimizers: [] }]).sha256).not.to.equal(sha256);
  });

  const wrong: Readonly<Record<string, Partial<HandOverRequest>>> = {
    generation: { generation: 1 },
    step: { step: 31 },
    round: { round: 5 },
    from: { from: 2 },
    to: { to: 0 },
    optimizers: { optimizers: 'fresh' },
  };
  for (const [key, change] of Object.entries(wrong)) {
    it(`refuse a parcel of another ${key}`, () => {
      const parcel = packHead({ ...request, ...change }, [state()]);
      const error = thrown(() => unpackHead(parcel, request), ProtocolError, 'ERR_HAND_OVER');
      expect(error.message).to.match(new RegExp(`^Client 1 refused the head from client 0: its ${key} is `));
      expect(error.details).to.deep.equal({ from: 0, to: 1 });
    });
  }

  const changed = (parcel: HeadParcel, change: Partial<HeadParcel['segments'][number]>) => ({
    ...parcel,
    segments: [{ ...parcel.segments[0], ...change }],
  });
  const tampered: Readonly<Record<string, (parcel: HeadParcel) => HeadParcel>> = {
    'a byte of the weights': (parcel) => {
      flip(parcel.segments[0].weights, 7);
      return parcel;
    },
    'the sign of a zero': (parcel) => {
      flip(parcel.segments[0].weights, 19);
      return parcel;
    },
    "a byte of an optimiser's slot": (parcel) => {
      flip(parcel.segments[0].optimizers[1].slots[1], 3);
      return parcel;
    },
    "an optimiser's step count": (parcel) => {
      const [first, second] = parcel.segments[0].optimizers;
      return changed(parcel, { optimizers: [first, { ...second, step: 7 }] });
    },
    'an optimiser left out': (parcel) =>
      changed(parcel, { optimizers: parcel.segments[0].optimizers.slice(1) }),
    'two slots exchanged': (parcel) => {
      const [first, second] = parcel.segments[0].optimizers;
      return changed(parcel, { optimizers: [{ ...first, slots: first.slots.toReversed() }, second] });
    },
    'a segment left out': (parcel) => ({ ...parcel, segments: [] }),
    'the checksum': (parcel) => ({
      ...parcel,
      sha256: parcel.sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
    }),
  };
  for (const [what, tamper] of Object.entries(tampered)) {
    it(`refuse a parcel with changed contents: ${what}`, () => {
      const parcel = tamper(packHead(request, [state()]));
      const error = thrown(() => unpackHead(parcel, request), ProtocolError, 'ERR_HAND_OVER');
      expect(error.message).to.include('its SHA-256 differs from its contents');
    });
  }

  const malformed: Readonly<Record<string, unknown>> = {
    'a sum': packSum(request, [Float64Array.of(1)]),
    'no segments': { ...request, sha256: '' },
    'weights that are no buffer': { ...request, sha256: '', segments: [{ weights: [1], optimizers: [] }] },
    'weights of 7 bytes': {
      ...request,
      sha256: '',
      segments: [{ weights: new ArrayBuffer(7), optimizers: [] }],
    },
    'a step count that is no whole number': {
      ...request,
      sha256: '',
      segments: [{ weights: new ArrayBuffer(4), optimizers: [{ step: 0.5, slots: [] }] }],
    },
    nothing: null,
  };
  for (const [what, parcel] of Object.entries(malformed)) {
    it(`refuse what is no head: ${what}`, () => {
      const error = thrown(() => unpackHead(parcel as Parcel, request), ProtocolError, 'ERR_HAND_OVER');
      expect(error.message).to.include('it is not made of whole numbers and float32 values');
    });
  }
});

describe('packSum and unpackSum', () => {
  const sum = () => [Float64Array.of(1, -0, NaN), Float64Array.of(1 / 3)];
  const lengths = [3, 1];

  it('give back every bit, and take over the buffers', () => {
    const packed = sum();
    const parcel = packSum(request, packed);
    expect(parcel.vectors).to.deep.equal(packed.map(({ buffer }) => buffer));
    const got = unpackSum(parcel, request, lengths);
    expect(got.map((vector) => [...new Uint8Array(vector.buffer)])).to.deep.equal(
      sum().map((vector) => [...new Uint8Array(vector.buffer)]),
    );
    expect(receiptOf(parcel)).to.deep.equal({ sha256: parcel.sha256, sizeBytes: 8 * 4 });
  });

  const wrong = {
    generation: { generation: 1 },
    step: { step: 31 },
    round: { round: 5 },
    from: { from: 2 },
    to: { to: 0 },
  };
  for (const [key, change] of Object.entries(wrong)) {
    it(`refuse one of another ${key}, also where it was sent before`, () => {
      const parcel = packSum({ ...request, ...change }, sum());
      const error = thrown(() => unpackSum(parcel, request, lengths), ProtocolError, 'ERR_HAND_OVER');
      expect(error.message).to.match(
        new RegExp(`^Client 1 refused .* from client 0: its ${key} is .* was not applied`),
      );
    });
  }

  it('refuse one whose contents changed', () => {
    const parcel = packSum(request, sum());
    flip(parcel.vectors[1], 7);
    const error = thrown(() => unpackSum(parcel, request, lengths), ProtocolError, 'ERR_HAND_OVER');
    expect(error.message).to.include('its SHA-256 differs from its contents');
  });

  const otherLengths: Readonly<Record<string, readonly Float64Array<ArrayBuffer>[]>> = {
    'a shorter vector': [Float64Array.of(1, 2), Float64Array.of(3)],
    'a longer vector': [Float64Array.of(1, 2, 3), Float64Array.of(4, 5)],
    'a vector less': [Float64Array.of(1, 2, 3)],
    'a vector more': [Float64Array.of(1, 2, 3), Float64Array.of(4), Float64Array.of(5)],
    'the same values in other vectors': [Float64Array.of(1), Float64Array.of(2, 3, 4)],
  };
  for (const [what, other] of Object.entries(otherLengths)) {
    it(`refuse ${what}`, () => {
      const parcel = packSum(request, other);
      const error = thrown(() => unpackSum(parcel, request, lengths), ProtocolError, 'ERR_HAND_OVER');
      expect(error.message).to.include('its vectors are not as long as those of the head');
    });
  }

  const malformed: Readonly<Record<string, unknown>> = {
    'a head': packHead(request, [state()]),
    'float32 values': { ...request, sha256: '', vectors: [new ArrayBuffer(12)] },
    'no vectors': { ...request, sha256: '' },
    nothing: undefined,
  };
  for (const [what, parcel] of Object.entries(malformed)) {
    it(`refuse what is no sum: ${what}`, () => {
      const error = thrown(
        () => unpackSum(parcel as Parcel, request, lengths),
        ProtocolError,
        'ERR_HAND_OVER',
      );
      expect(error.message).to.include('it is not made of float64 values');
    });
  }
});
