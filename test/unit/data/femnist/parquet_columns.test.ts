import { expect } from 'chai';
import { parquetMetadata, parquetSchema } from 'hyparquet';
import { findColumns } from '../../../../src/data/femnist/parquet_columns.js';
import { readFixture } from '../../../support/fixtures.js';

const columnsOf = (name: string) =>
  findColumns(parquetSchema(parquetMetadata(readFixture(`femnist/${name}.parquet`))));
const texts = Buffer.from([2, 0, 0, 0, 0x61, 0x62, 1, 0, 0, 0, 0x63]); // 'ab', 'c'

describe('findColumns', () => {
  it('says how deep each column lies', () => {
    const levels = (name: string) => {
      const { pngs, writers, labels } = columnsOf(name);
      return [pngs, writers, labels].map((column) => [column.name, column.maxDefinitionLevel]);
    };
    expect(levels('hf')).to.deep.equal([
      ['image.bytes', 2],
      ['writer_id', 1],
      ['character', 1],
    ]);
    expect(levels('v2')).to.deep.equal([
      ['image.bytes', 0],
      ['writer_id', 0],
      ['character', 0],
    ]);
  });

  it('reads plain values of each type', () => {
    const { pngs, writers, labels } = columnsOf('hf');
    expect(pngs.readPlain(texts, 2).map(String)).to.deep.equal(['ab', 'c']);
    expect(writers.readPlain(texts, 2)).to.deep.equal(['ab', 'c']);
    expect(labels.readPlain(Buffer.from([61, 0, 0, 0, 0, 0, 0, 0]), 1)).to.deep.equal([61]);
    expect(
      columnsOf('v2').labels.readPlain(Buffer.from([61, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]), 2),
    ).to.deep.equal([61, -1]);
  });

  it('refuses pages with less or more than their values', () => {
    const { pngs, writers, labels } = columnsOf('hf');
    expect(() => pngs.readPlain(texts, 1)).to.throw('5 bytes after its values');
    expect(() => pngs.readPlain(texts.subarray(0, -1), 2)).to.throw('longer than its page');
    expect(() => pngs.readPlain(texts, 3)).to.throw(RangeError);
    expect(() => writers.readPlain(Buffer.from([1, 0, 0, 0, 0xff]), 1)).to.throw('utf-8');
    expect(() => labels.readPlain(Buffer.alloc(9), 1)).to.throw('a page of 1 values has 9 bytes');
    expect(() => columnsOf('v2').labels.readPlain(Buffer.alloc(3), 1)).to.throw(
      'a page of 1 values has 3 bytes',
    );
  });
});
