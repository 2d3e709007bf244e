import { expect } from 'chai';
import { readColumnChunk } from '../../../../src/data/femnist/parquet_pages.js';

const PLAIN = 0;
const PLAIN_DICTIONARY = 2;
const RLE = 3;
const BIT_PACKED = 4;
const RLE_DICTIONARY = 8;

/** An i32 field of Thrift's compact protocol, the `delta`th after the one before: zigzag, then seven bits a byte. */
function int32(delta: number, value: number): number[] {
  const bytes = [(delta << 4) | 5];
  let rest = (value << 1) ^ (value >> 31);
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

interface PageParts {
  readonly type?: number;
  readonly size?: number;
  readonly numValues?: number;
  readonly encoding?: number;
  readonly levelEncoding?: number;
}

/** A page of format 1 as parquet.thrift has it: PageHeader {1 type, 2 and 3 sizes, 5 data page or 7 dictionary}, then the bytes. */
function page(bytes: readonly number[], parts: PageParts = {}): number[] {
  const { type = 0, size = bytes.length, numValues = 2, encoding = PLAIN, levelEncoding = RLE } = parts;
  const inner = [...int32(1, numValues), ...int32(1, encoding)];
  const levels = type === 0 ? [...int32(1, levelEncoding), ...int32(1, RLE)] : [];
  const structField = type === 0 ? 0x2c : 0x4c;
  return [
    ...int32(1, type),
    ...int32(1, size),
    ...int32(1, size),
    structField,
    ...inner,
    ...levels,
    0,
    0,
    ...bytes,
  ];
}

const dictionary = (...values: number[]) => page(values, { type: 2, numValues: values.length });

/** Reads a column of single bytes. */
function read(pages: readonly (readonly number[])[], numValues: number, maxDefinitionLevel = 0): number[] {
  return readColumnChunk(Buffer.from(pages.flat()), numValues, {
    codec: 'UNCOMPRESSED',
    maxDefinitionLevel,
    readPlain: (bytes, count) => {
      expect(bytes).to.have.lengthOf(count);
      return [...bytes];
    },
  });
}

describe('readColumnChunk', () => {
  it('reads plain pages, one after the other', () => {
    expect(read([page([7, 8]), page([9], { numValues: 1 })], 3)).to.deep.equal([7, 8, 9]);
    expect(read([page([7, 8])], 0)).to.deep.equal([]);
  });

  it('looks values up in a dictionary, and goes on without it', () => {
    // Indices of 1 bit: a packed group, then 0b10 = 0, 1
    const indices = page([1, 3, 0b10], { encoding: RLE_DICTIONARY });
    const older = page([1, 2 << 1, 1], { encoding: PLAIN_DICTIONARY });
    expect(read([dictionary(50, 60), indices, older, page([7, 8])], 6)).to.deep.equal([50, 60, 60, 60, 7, 8]);
  });

  it('takes optional values where all are there', () => {
    // 4 bytes of length, then a run of two levels 1
    expect(read([page([2, 0, 0, 0, 2 << 1, 1, 7, 8])], 2, 1)).to.deep.equal([7, 8]);
  });

  const damaged: readonly [string, () => unknown, string][] = [
    ['no pages', () => read([], 1), 'thrift'],
    ['fewer values than rows', () => read([page([7, 8])], 3), 'thrift'],
    ['more values than rows', () => read([page([7, 8])], 1), 'more than the 1 values'],
    [
      'an index that is not in the dictionary',
      () => read([dictionary(50), page([1, 2 << 1, 1], { encoding: RLE_DICTIONARY })], 2),
      'value 1 is not in its dictionary of 1',
    ],
    [
      'indices without a dictionary',
      () => read([page([1, 2 << 1, 0], { encoding: RLE_DICTIONARY })], 2),
      'its dictionary is missing',
    ],
    [
      'indices that call themselves values',
      () => read([dictionary(50), page([1, 2 << 1, 0], { encoding: RLE })], 2),
      'values stored as RLE are not supported',
    ],
    [
      'two dictionaries',
      () => read([dictionary(50), dictionary(60), page([7, 8])], 2),
      'a dictionary in the wrong place',
    ],
    [
      'a dictionary after values',
      () => read([page([7, 8]), dictionary(60), page([7, 8])], 4),
      'a dictionary in the wrong place',
    ],
    [
      'a dictionary of indices',
      () => read([page([50], { type: 2, numValues: 1, encoding: RLE_DICTIONARY })], 2),
      'a dictionary stored as RLE_DICTIONARY',
    ],
    [
      'a page that is longer than the column',
      () => read([page([7, 8], { size: 3 })], 2),
      'longer than the column',
    ],
    ['a page of a negative size', () => read([page([7, 8], { size: -1 })], 2), 'an impossible size'],
    ['a negative number of values', () => read([page([7, 8], { numValues: -1 })], 2), 'an impossible size'],
    [
      'an index page',
      () => read([page([7, 8], { type: 1 })], 2),
      'pages of type INDEX_PAGE are not supported',
    ],
    [
      'levels that are missing',
      () => read([page([2, 0, 0, 0, 2 << 1, 0, 7, 8])], 2, 1),
      'value 0 of a page is missing',
    ],
    [
      'levels longer than the page',
      () => read([page([9, 0, 0, 0, 2 << 1, 1, 7, 8])], 2, 1),
      'impossible levels',
    ],
    [
      'levels packed in the old way',
      () => read([page([2, 0, 0, 0, 2 << 1, 1, 7, 8], { levelEncoding: BIT_PACKED })], 2, 1),
      'levels stored as BIT_PACKED',
    ],
  ];
  for (const [what, reading, why] of damaged) {
    it(`refuses ${what}`, () => {
      expect(reading).to.throw(Error, why);
    });
  }
});
