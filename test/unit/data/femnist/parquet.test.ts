import { expect } from 'chai';
import fc from 'fast-check';
import { writeFile } from 'node:fs/promises';
import { parquetMetadata } from 'hyparquet';
import { join } from 'node:path';
import { readParquet } from '../../../../src/data/femnist/parquet.js';
import { readFixture } from '../../../support/fixtures.js';
import { fixtureRows, flatRows, refusalOf, withFolder, type FlatRow } from './sources.js';

const layouts = ['hf', 'small_pages', 'v1_required', 'v2', 'v2_snappy'];
const expected = fixtureRows().map(({ writer, label, picture }) => ({ writer, label, picture }));

const read = (bytes: Uint8Array) =>
  withFolder({ 'a.parquet': bytes }, (folder) => flatRows(readParquet(join(folder, 'a.parquet'))));
const refuse = (bytes: Uint8Array) =>
  withFolder({ 'a.parquet': bytes }, async (folder) => {
    const path = join(folder, 'a.parquet');
    const error = await refusalOf(flatRows(readParquet(path)));
    expect(error).to.deep.include({ code: 'ERR_DATA', details: { path } });
    expect(error.message).to.include(`"${path}"`);
    return error.message;
  });

describe('readParquet', () => {
  for (const layout of layouts) {
    it(`reads the rows that Arrow wrote, in the layout ${layout}`, async () => {
      expect(await read(readFixture(`femnist/${layout}.parquet`))).to.deep.equal(expected);
    });
  }

  it('gives the pixels as they are in the PNG, and a block or more a row group', async () => {
    const inverted = await read(readFixture('femnist/inverted.parquet'));
    const [first] = fixtureRows();
    const negative = Buffer.from(first.picture, 'hex').map((pixel) => 255 - pixel);
    expect(inverted[0].picture).to.equal(Buffer.from(negative).toString('hex'));

    await withFolder({ 'a.parquet': readFixture('femnist/hf.parquet') }, async (folder) => {
      const sizes: number[] = [];
      for await (const { labels } of readParquet(join(folder, 'a.parquet'))) sizes.push(labels.length);
      expect(sizes).to.deep.equal([5, 5, 2]);
    });
  });

  it('gives a large row group in several blocks', async () => {
    await withFolder({ 'a.parquet': readFixture('femnist/many.parquet') }, async (folder) => {
      const sizes: number[] = [];
      let numBytes = 0;
      for await (const block of readParquet(join(folder, 'a.parquet'))) {
        sizes.push(block.labels.length);
        numBytes += block.numBytes;
      }
      expect(sizes).to.deep.equal([1024, 1024, 452]);
      expect(numBytes).to.be.lessThan(readFixture('femnist/many.parquet').length);
    });
    const rows = await read(readFixture('femnist/many.parquet'));
    expect(rows).to.deep.equal(
      Array.from({ length: 2500 }, (_, row) => ({
        writer: `w${String(Math.floor(row / 50)).padStart(2, '0')}`,
        label: row % 62,
        picture: expected[row % 12].picture,
      })),
    );
  });

  it('has no rows where the file has none', async () => {
    expect(await read(readFixture('femnist/bad/no_rows.parquet'))).to.deep.equal([]);
  });

  const refusals: readonly [string, string][] = [
    ['label_62', 'row 1 has label 62, not 0 to 61'],
    ['label_negative', 'row 0 has label -1, not 0 to 61'],
    ['label_missing', 'column "character" of row group 0 cannot be read: value 1 of a page is missing'],
    ['writer_missing', 'column "writer_id" of row group 0 cannot be read: value 0 of a page is missing'],
    ['picture_missing', 'column "image.bytes" of row group 0 cannot be read: value 1 of a page is missing'],
    ['image_missing', 'column "image.bytes" of row group 0 cannot be read: value 0 of a page is missing'],
    ['picture_20x20', 'the picture of row 1 cannot be taken: it has 20x20 pixels instead of 28x28'],
    ['picture_empty', 'the picture of row 0 cannot be taken: its 0 bytes are no PNG'],
    ['picture_jpeg', 'the picture of row 1 cannot be taken: its 64 bytes are no PNG'],
    ['image_flat', 'other columns: "image.bytes" is not there'],
    ['image_list', 'other columns: "image.bytes" is not there'],
    ['character_text', '"character" is of type BYTE_ARRAY instead of INT64 or INT32'],
    ['other_columns', '"image.bytes" is not there once a row, beside x, y'],
    ['codec_zstd', 'compression by ZSTD is not supported'],
    ['codec_gzip', 'compression by GZIP is not supported'],
    ['codec_brotli', 'compression by BROTLI is not supported'],
    ['codec_lz4', 'compression by LZ4_RAW is not supported'],
    ['encoding_delta', 'values stored as DELTA_BINARY_PACKED are not supported'],
  ];
  for (const [name, why] of refusals) {
    it(`refuses ${name}, naming the file and the place`, async () => {
      expect(await refuse(readFixture(`femnist/bad/${name}.parquet`))).to.include(why);
    });
  }

  it('refuses an empty file, another kind of file, and a file cut off at any byte', async () => {
    expect(await refuse(new Uint8Array(0))).to.include('its 0 bytes do not begin with PAR1');
    expect(await refuse(Buffer.from('version https://git-lfs.github.com/spec/v1'))).to.include(
      'do not begin with PAR1',
    );
    expect(await refuse(Buffer.from('PAR1 and something else'))).to.include('no Parquet file');
    const whole = readFixture('femnist/hf.parquet');
    for (let length = 1; length < whole.length; length += 61) await refuse(whole.subarray(0, length));
    await refuse(whole.subarray(0, -1));
  });

  it('tells damage of a page by its checksum, where it has one', async () => {
    const whole = readFixture('femnist/v2.parquet');
    const damaged = Uint8Array.from(whole);
    damaged[whole.indexOf('f0001_41')] ^= 1; // the page of writers, not the statistics after it
    expect(await refuse(damaged)).to.include('the checksum of a page is wrong');
  });

  it('refuses a footer whose numbers of rows or values are others', async () => {
    const whole = readFixture('femnist/hf.parquet');
    const countsOf = (file: Uint8Array) => {
      const { num_rows, row_groups } = parquetMetadata(file, { geoparquet: false });
      const counts = row_groups.flatMap(({ num_rows: numRows, columns }) => [
        numRows,
        ...[0, 2, 4].map((column) => columns[column].meta_data?.num_values), // image.bytes, writer_id, character
      ]);
      return [num_rows, ...counts].map(Number);
    };
    let numChanged = 0;
    for (let at = whole.length - 8 - whole.readUInt32LE(whole.length - 8); at < whole.length - 8; at++) {
      const damaged = whole.with(at, whole[at] ^ 2); // the lowest bit but one: the number itself is one up or down
      try {
        expect(countsOf(damaged)).to.deep.equal(countsOf(whole));
      } catch {
        await refuse(damaged);
        numChanged++;
      }
    }
    // The file's rows; in each of 3 groups its rows, and values in each of 3 columns
    expect(numChanged).to.be.greaterThan(13);
  });

  it('ends at a single changed byte with which hyparquet reads for ever', async () => {
    const damaged = Uint8Array.from(readFixture('femnist/hf.parquet'));
    // Within the Snappy data of pictures: a literal of negative length follows, which leads back to where it stands.
    expect(damaged[369]).to.equal(0x75);
    damaged[369] = 0x45;
    expect(await refuse(damaged)).to.include('Snappy data refers to bytes that are not there');
  });

  it('takes no other picture from any bytes, or refuses them', async () => {
    const known = new Set(expected.map(({ picture }) => picture));
    const files = layouts.map((layout) => readFixture(`femnist/${layout}.parquet`));
    const change = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));
    const anyFile = fc.oneof(
      fc
        .uint8Array({ maxLength: 200 })
        .map((bytes) =>
          Buffer.concat([
            Buffer.from('PAR1'),
            bytes,
            Buffer.from([bytes.length, 0, 0, 0]),
            Buffer.from('PAR1'),
          ]),
        ),
      fc
        .tuple(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 4 }))
        .map(([whole, changes]) =>
          changes.reduce<Uint8Array>((file, [position, mask]) => {
            const at = position % file.length;
            return file.with(at, file[at] ^ mask);
          }, whole),
        ),
    );
    await withFolder({}, async (folder) => {
      const path = join(folder, 'a.parquet');
      await fc.assert(
        fc.asyncProperty(anyFile, async (bytes) => {
          await writeFile(path, bytes);
          let rows: FlatRow[];
          try {
            rows = await flatRows(readParquet(path));
          } catch (error) {
            expect(error).to.have.property('code', 'ERR_DATA');
            return;
          }
          for (const { picture, label } of rows) {
            expect(known.has(picture)).to.equal(true);
            expect(label).to.be.within(0, 61);
          }
        }),
        { numRuns: 1500 },
      );
    });
  });
});
