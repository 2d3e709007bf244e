import { expect } from 'chai';
import fc from 'fast-check';
import { readRuns } from '../../../../src/data/femnist/parquet_runs.js';

const read = (bytes: readonly number[], numValues: number, bitWidth: number) => [
  ...readRuns(Buffer.from(bytes), numValues, bitWidth),
];

describe('readRuns', () => {
  it("unpacks the format's own example: 0 to 7 in 3 bits each", () => {
    // Encodings.md: 10001000 11000110 11111010; before it a group of 8: (1 << 1) | 1
    expect(read([3, 0b10001000, 0b11000110, 0b11111010], 8, 3)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(read([3, 0b10001000, 0b11000110, 0b11111010], 5, 3)).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it('reads runs, in as many bytes as their width needs, and mixtures', () => {
    expect(read([4 << 1, 1], 4, 1)).to.deep.equal([1, 1, 1, 1]);
    expect(read([2 << 1, 0x34, 0x12], 2, 13)).to.deep.equal([0x1234, 0x1234]);
    expect(read([6], 3, 0)).to.deep.equal([0, 0, 0]);
    expect(read([3], 8, 0)).to.deep.equal(Array(8).fill(0));
    // 300 << 1 = 600 = 0b100_1011000 as a varint
    expect(read([0xd8, 0x04, 5, 3, 0b10101010, 2 << 1, 1], 310, 1)).to.deep.equal([
      ...Array<number>(300).fill(5),
      ...[0, 1, 0, 1, 0, 1, 0, 1, 1, 1],
    ]);
  });

  it('reads what is packed in any width', () => {
    const packed = fc
      .integer({ min: 1, max: 24 })
      .chain((bitWidth) =>
        fc.tuple(fc.constant(bitWidth), fc.array(fc.nat(2 ** bitWidth - 1), { minLength: 1, maxLength: 40 })),
      );
    fc.assert(
      fc.property(packed, ([bitWidth, values]) => {
        const numGroups = Math.ceil(values.length / 8);
        // The first value in the lowest bits of one long number.
        let bits = values.reduceRight((sum, value) => (sum << BigInt(bitWidth)) | BigInt(value), 0n);
        const bytes = Array.from({ length: numGroups * bitWidth }, () => {
          const byte = Number(bits & 0xffn);
          bits >>= 8n;
          return byte;
        });
        expect(read([(numGroups << 1) | 1, ...bytes], values.length, bitWidth)).to.deep.equal(values);
      }),
    );
  });

  const damaged: readonly [string, number[], number, number][] = [
    ['nothing', [], 1, 1],
    ['a run of no values', [0, 1], 1, 1],
    ['a run of more values than there are', [5 << 1, 1], 4, 1],
    ['a run of 2 ** 30 values', [0x80, 0x80, 0x80, 0x80, 0x08, 1], 4, 1],
    ['a run without its value', [4 << 1], 4, 1],
    ['a run with half its value', [4 << 1, 1], 4, 9],
    ['a group that is cut off', [3, 0b10001000], 8, 3],
    ['fewer values than there should be', [4 << 1, 1], 5, 1],
    ['a header without an end', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80], 4, 1],
    ['numbers of 32 bits', [3], 4, 32],
  ];
  for (const [what, bytes, numValues, bitWidth] of damaged) {
    it(`refuses ${what}`, () => {
      expect(() => read(bytes, numValues, bitWidth)).to.throw(Error, /^(a page|numbers of 32 bits)/);
    });
  }
});
