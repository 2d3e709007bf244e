import { expect } from 'chai';
import fc from 'fast-check';
import { ProtocolError, ShapeError } from '../../../src/core/errors.js';
import { fromFrame, type HandOverRequest, type TensorFrame } from '../../../src/link/messages.js';
import {
  packHead,
  packSum,
  unpackHead,
  unpackSum,
  type HeadParcel,
  type SumParcel,
} from '../../../src/link/parcels.js';
import { fuzz, numRuns } from '../../support/fuzz.js';

describe('fuzzing: what other threads post', function () {
  this.timeout(60_000 + 60 * numRuns);

  const anything = fc.anything({
    withBigInt: true,
    withMap: true,
    withTypedArray: true,
    withSparseArray: true,
  });
  const buffers = fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.from(bytes).buffer);
  const unprintable = fc.constant({ toString: 1, valueOf: 1 });
  const part = fc.oneof(anything, buffers, fc.array(buffers), unprintable, fc.array(unprintable));
  /** The message with some of its parts replaced, or none. */
  const like = (message: object): fc.Arbitrary<unknown> =>
    fc.oneof(
      anything,
      fc
        .record(Object.fromEntries(Object.keys(message).map((key) => [key, part])), { requiredKeys: [] })
        .map((parts) => ({ ...message, ...parts })),
    );
  const sizeOf = () => 0;

  const request: HandOverRequest = {
    ...{ generation: 2, step: 30, round: 4, from: 0, to: 1 },
    optimizers: 'moved',
  };
  const slots = () => [Float32Array.of(4, 5), Float32Array.of(6, 7)];
  const parcel = () =>
    packHead(request, [{ weights: Float32Array.of(1, 2), optimizers: [{ step: 3, slots: slots() }] }]);

  it('tensor frames', async () => {
    const frame = () => ({ shape: [2, 3], dtype: 'float32', data: new ArrayBuffer(24) });
    const decode = (given: unknown) => fromFrame(given as TensorFrame, [2, 3], 'Client 1', 'the tail');
    decode(frame());
    expect(await fuzz(like(frame()), sizeOf, { decode, refusal: ShapeError })).to.be.above(0);
  });

  it('lists with more places than can be looked through', () => {
    const endless = new Array<number>(2 ** 32 - 1);
    const frame = { shape: endless, dtype: 'float32', data: new ArrayBuffer(24) } as const;
    expect(() => fromFrame(frame, [2, 3], 'Client 1', 'the tail')).to.throw(ShapeError);
    for (const optimizers of [endless, [{ step: 1, slots: endless }]]) {
      const segments = [{ weights: new ArrayBuffer(8), optimizers }];
      const posted = { ...parcel(), segments } as unknown as HeadParcel;
      expect(() => unpackHead(posted, request)).to.throw(ProtocolError);
    }
  });

  it('hand-over parcels', async () => {
    const decode = (given: unknown) => unpackHead(given as HeadParcel, request);
    decode(parcel());
    expect(await fuzz(like(parcel()), sizeOf, { decode, refusal: ProtocolError })).to.be.above(0);
    const inside = part.map((optimizer) => ({
      ...parcel(),
      segments: [{ weights: new ArrayBuffer(8), optimizers: [optimizer] }],
    }));
    expect(await fuzz(inside, sizeOf, { decode, refusal: ProtocolError })).to.equal(numRuns);
  });

  it('sums of heads', async () => {
    const sum = () => packSum(request, [Float64Array.of(1, 2), Float64Array.of(3)]);
    const decode = (given: unknown) => unpackSum(given as SumParcel, request, [2, 1]);
    decode(sum());
    expect(await fuzz(like(sum()), sizeOf, { decode, refusal: ProtocolError })).to.be.above(0);
  });
});
