import { expect } from 'chai';
import fc from 'fast-check';
import { DataError } from '../../../src/core/errors.js';
import { decodeIdx, type IdxArray } from '../../../src/data/idx.js';
import { encodeIdx } from './idx_files.js';

const whole = encodeIdx([2, 1, 3], [1, 2, 3, 4, 5, 6]);

function decode(file: Uint8Array, numAxes: number, maxValues = 1e6): Promise<IdxArray> {
  return decodeIdx([file], { path: 'dir/file', numAxes, maxValues });
}

async function expectNotIdx(file: Uint8Array, numAxes: number, why: string): Promise<void> {
  const error: unknown = await decode(file, numAxes).then(
    () => expect.fail('the file was accepted'),
    (reason: unknown) => reason,
  );
  expect(error)
    .to.be.instanceOf(DataError)
    .and.deep.include({ code: 'ERR_IDX', details: { path: 'dir/file' } });
  expect((error as DataError).message)
    .to.include('"dir/file"')
    .and.include(why);
}

describe('decodeIdx', () => {
  it('reads sizes and values into memory that threads share', async () => {
    const { sizes, values } = await decode(whole, 3);
    expect(sizes).to.deep.equal([2, 1, 3]);
    expect([...values]).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect(values.buffer).to.be.instanceOf(SharedArrayBuffer);
    expect((await decode(encodeIdx([0], []), 1)).values).to.have.lengthOf(0);
  });

  it('does not care into which pieces a file falls', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.nat(whole.length)), async (cuts) => {
        const bounds = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
        const pieces = bounds.slice(1).map((end, index) => whole.subarray(bounds[index], end));
        const { sizes, values } = await decodeIdx(pieces, { path: 'file', numAxes: 3, maxValues: 6 });
        expect(encodeIdx(sizes, values)).to.deep.equal(whole);
      }),
    ));

  it('refuses a file cut off at any byte, or with bytes too many', async () => {
    for (let length = 0; length < 16; length++)
      await expectNotIdx(whole.subarray(0, length), 3, `it has ${length} bytes`);
    for (let length = 16; length < whole.length; length++)
      await expectNotIdx(
        whole.subarray(0, length),
        3,
        `it announces 2 x 1 x 3 values and has ${length - 16}`,
      );
    await expectNotIdx(new Uint8Array([...whole, 0]), 3, 'it announces 2 x 1 x 3 values and has more');
  });

  it('refuses another magic number: another type, another number of axes, a compressed file', async () => {
    await expectNotIdx(whole, 1, 'it starts with 0x00000803 instead of 0x00000801');
    const floats = whole.slice();
    floats[2] = 0x0d;
    await expectNotIdx(floats, 3, 'it starts with 0x00000d03 instead of 0x00000803');
    const gzip = whole.slice();
    gzip.set([0x1f, 0x8b, 8, 0]);
    await expectNotIdx(gzip, 3, 'it starts with 0x1f8b0800');
  });

  it('refuses more values than may be before it reserves memory for them', async () => {
    await expectNotIdx(encodeIdx([0xffffffff], [1]), 1, 'announces 4294967295 values, more than 1000000');
    await expectNotIdx(encodeIdx([0xffffffff, 0xffffffff, 0xffffffff], []), 3, '4294967295 x 4294967295');
    // 65536 * 65536 is 0 in 32 bits.
    await expectNotIdx(encodeIdx([65_536, 65_536], []), 2, '65536 x 65536 values, more than');
    await expectNotIdx(encodeIdx([0xffffffff, 0], [1]), 2, '4294967295 x 0 values and has more');
    expect((await decode(whole, 3, 6)).values).to.have.lengthOf(6);
  });

  it('reads no further than to the first byte too many', async () => {
    let numPieces = 0;
    function* endless() {
      for (;;) {
        numPieces++;
        yield whole;
      }
    }
    const work = decodeIdx(endless(), { path: 'file', numAxes: 3, maxValues: 100 });
    expect(await work.catch((error: unknown) => error)).to.be.instanceOf(DataError);
    expect(numPieces).to.equal(2);
  });

  it('reads any bytes rightly or refuses them with a DataError', () => {
    const anyFile = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc
        .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
        .map((changes) => changes.reduce((file, [at, value]) => file.with(at, value), whole)),
      fc
        .tuple(fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }), fc.uint8Array({ maxLength: 27 }))
        .map(([sizes, values]) => encodeIdx(sizes, values)),
    );
    return fc.assert(
      fc.asyncProperty(anyFile, async (file) => {
        let decoded;
        try {
          decoded = await decode(file, 3);
        } catch (error) {
          expect(error).to.be.instanceOf(DataError);
          return;
        }
        expect(encodeIdx(decoded.sizes, decoded.values)).to.deep.equal(new Uint8Array(file));
      }),
      { numRuns: 500 },
    );
  });
});
