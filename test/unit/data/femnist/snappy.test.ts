import { expect } from 'chai';
import fc from 'fast-check';
import { decompressSnappy } from '../../../../src/data/femnist/snappy.js';
import { readCases } from '../../../support/fixtures.js';

const cases = (readCases('femnist/snappy.json') as { name: string; plain: string; snappy: string }[]).map(
  ({ name, plain, snappy }) => ({
    name,
    plain: Buffer.from(plain, 'base64'),
    snappy: Buffer.from(snappy, 'base64'),
  }),
);
const literal = (text: string) => [(text.length - 1) << 2, ...Buffer.from(text)];
const decompress = (bytes: number[], size: number) =>
  Buffer.from(decompressSnappy(Uint8Array.from(bytes), size)).toString();

describe('decompressSnappy', () => {
  for (const { name, plain, snappy } of cases) {
    it(`restores what Arrow compressed: ${name}`, () => {
      expect(Buffer.from(decompressSnappy(snappy, plain.length))).to.deep.equal(plain);
    });
  }

  it('reads each kind of element of the format', () => {
    expect(decompress([3, ...literal('abc')], 3)).to.equal('abc');
    // Copy with 1 byte of offset: kind 1, length 4 + 1 in bits 2-4, offset 0 * 256 + 3.
    expect(decompress([8, ...literal('abc'), 0b000_001_01, 3], 8)).to.equal('abcabcab');
    // With 2 bytes: kind 2, length 1 + 5 in bits 2-7, offset 1: the copy overlaps itself.
    expect(decompress([7, ...literal('a'), 0b000101_10, 1, 0], 7)).to.equal('aaaaaaa');
    // With 4 bytes: kind 3.
    expect(decompress([6, ...literal('abc'), 0b000010_11, 3, 0, 0, 0], 6)).to.equal('abcabc');
    // Literals whose length, less one, is in 1, 2, 3, 4 more bytes: tags 60 to 63.
    for (const [tag, ...length] of [
      [60, 2],
      [61, 2, 0],
      [62, 2, 0, 0],
      [63, 2, 0, 0, 0],
    ])
      expect(decompress([3, tag << 2, ...length, 97, 98, 99], 3)).to.equal('abc');
  });

  const damaged: readonly [string, number[], number][] = [
    ['nothing', [], 0],
    ['another size than expected', [4, ...literal('abc')], 3],
    ['less than announced', [4, ...literal('abc')], 4],
    ['more than announced', [2, ...literal('abc')], 2],
    ['a literal cut off', [3, ...literal('abc').slice(0, -1)], 3],
    ['a literal whose length is cut off', [3, 61 << 2, 2], 3],
    // -6 + 1 as a signed number would lead back to this very element, for ever.
    ['a literal of nearly 4 GB', [3, 63 << 2, 0xfa, 0xff, 0xff, 0xff], 3],
    ['a copy of nothing', [4, 0b000_000_01, 1], 4],
    ['a copy from before the start', [8, ...literal('abc'), 0b000_001_01, 4], 8],
    ['a copy at distance 0', [8, ...literal('abc'), 0b000_001_01, 0], 8],
    ['a copy past the end', [4, ...literal('abc'), 0b000_001_01, 3], 4],
    ['a copy cut off', [6, ...literal('abc'), 0b000010_11, 3, 0], 6],
    ['an endless size', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 3],
    ['a size that its bytes cannot hold', [0x80, 0x80, 0x80, 0x80, 0x08, 0], 2 ** 31],
  ];
  for (const [what, bytes, size] of damaged) {
    it(`refuses ${what}`, () => {
      expect(() => decompress(bytes, size)).to.throw(Error, 'Snappy');
    });
  }

  it('ends on any bytes', () => {
    const anyDamage = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc
        .tuple(fc.constantFrom(...cases), fc.nat(), fc.nat(255))
        .map(([{ snappy }, at, value]) => snappy.with(at % snappy.length, value)),
    );
    fc.assert(
      fc.property(
        anyDamage,
        fc.constantFrom(...cases.map(({ plain }) => plain.length), 50),
        (bytes, size) => {
          try {
            expect(decompressSnappy(bytes, size)).to.have.lengthOf(size);
          } catch (error) {
            expect(error).to.be.instanceOf(Error);
            expect((error as Error).message).to.include('Snappy');
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
