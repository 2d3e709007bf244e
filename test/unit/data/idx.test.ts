import { expect } from 'chai';
import fc from 'fast-check';
import { DataError } from '../../../src/core/errors.js';
import { decodeIdx } from '../../../src/data/idx.js';
import { encodeIdx } from './idx_files.js';

const whole = encodeIdx([2, 1, 3], [1, 2, 3, 4, 5, 6]);

function expectNotIdx(file: Uint8Array, numAxes: number, why: string): void {
  expect(() => decodeIdx(file, numAxes, 'dir/file'))
    .to.throw(DataError, why)
    .with.property('code', 'ERR_IDX');
  expect(() => decodeIdx(file, numAxes, 'dir/file'))
    .to.throw('"dir/file"')
    .with.deep.property('details', { path: 'dir/file' });
}

describe('decodeIdx', () => {
  it('reads sizes and values, also from the middle of a buffer', () => {
    const { sizes, values } = decodeIdx(whole, 3, 'file');
    expect(sizes).to.deep.equal([2, 1, 3]);
    expect([...values]).to.deep.equal([1, 2, 3, 4, 5, 6]);
    const inside = new Uint8Array([9, 9, 9, ...whole, 9]).subarray(3, 3 + whole.length);
    expect([...decodeIdx(inside, 3, 'file').values]).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect(decodeIdx(encodeIdx([0], []), 1, 'file').values).to.have.lengthOf(0);
  });

  it('refuses a file cut off at any byte, or with bytes too many', () => {
    for (let length = 0; length < 16; length++)
      expectNotIdx(whole.subarray(0, length), 3, `it has ${length} bytes`);
    for (let length = 16; length < whole.length; length++)
      expectNotIdx(whole.subarray(0, length), 3, `it announces 2 x 1 x 3 values and has ${length - 16}`);
    expectNotIdx(new Uint8Array([...whole, 0]), 3, 'it announces 2 x 1 x 3 values and has 7');
  });

  it('refuses another magic number: another type, another number of axes, a compressed file', () => {
    expectNotIdx(whole, 1, 'it starts with 0x00000803 instead of 0x00000801');
    const floats = whole.slice();
    floats[2] = 0x0d;
    expectNotIdx(floats, 3, 'it starts with 0x00000d03 instead of 0x00000803');
    const gzip = whole.slice();
    gzip.set([0x1f, 0x8b, 8, 0]);
    expectNotIdx(gzip, 3, 'it starts with 0x1f8b0800');
  });

  it('refuses absurd sizes without reserving memory for them', () => {
    expectNotIdx(encodeIdx([0xffffffff], [1]), 1, 'announces 4294967295 values and has 1');
    expectNotIdx(encodeIdx([0xffffffff, 0xffffffff, 0xffffffff], []), 3, '4294967295 x 4294967295');
    // 65536 * 65536 is 0 in 32 bits.
    expectNotIdx(encodeIdx([65_536, 65_536], []), 2, '65536 x 65536 values and has 0');
    expectNotIdx(encodeIdx([0xffffffff, 0], [1]), 2, '4294967295 x 0 values and has 1');
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
    fc.assert(
      fc.property(anyFile, (file) => {
        let decoded;
        try {
          decoded = decodeIdx(file, 3, 'file');
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
