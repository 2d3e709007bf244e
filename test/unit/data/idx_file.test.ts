import { expect } from 'chai';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError } from '../../../src/core/errors.js';
import { readIdxFile, type IdxFile } from '../../../src/data/idx_file.js';
import { sampleBytes } from '../../support/source_files.js';
import { encodeIdx, withDataFolder } from './idx_files.js';

const values = sampleBytes(500_000);
const whole = encodeIdx([1000, 20, 25], values);
const sha256 = createHash('sha256').update(whole).digest('hex');
const small = encodeIdx([2, 1, 3], [1, 2, 3, 4, 5, 6]);

function read(bytes: Uint8Array, maxValues = 1e6): Promise<IdxFile> {
  return withDataFolder({ file: bytes }, (folder) =>
    readIdxFile({ path: join(folder, 'file'), numAxes: 3, maxValues }),
  );
}

async function expectNotIdx(bytes: Uint8Array, why: RegExp): Promise<void> {
  const error: unknown = await read(bytes).catch((reason: unknown) => reason);
  expect(error).to.be.instanceOf(DataError).and.include({ code: 'ERR_IDX' });
  expect((error as DataError).message)
    .to.match(/\/file" is not the IDX file/)
    .and.match(why);
}

describe('readIdxFile', () => {
  for (const [what, bytes] of [
    ['a plain file', whole],
    ['a gzipped file', gzipSync(whole)],
    ['a gzipped file, barely compressed', gzipSync(whole, { level: 1 })],
    [
      'a gzipped file in two parts',
      Buffer.concat([gzipSync(whole.subarray(0, 999)), gzipSync(whole.subarray(999))]),
    ],
  ] as const) {
    it(`reads ${what} into shared memory, and gives the checksum of its contents`, async () => {
      const file = await read(bytes);
      expect(file.sizes).to.deep.equal([1000, 20, 25]);
      expect(Buffer.compare(file.values, values)).to.equal(0);
      expect(file.values.buffer).to.be.instanceOf(SharedArrayBuffer);
      expect(file.sha256).to.equal(sha256);
    });
  }

  it('refuses a gzipped file cut off at any byte', async () => {
    const gzip = gzipSync(small);
    await expectNotIdx(gzip.subarray(0, 1), /it has 1 bytes/);
    for (let length = 2; length < gzip.length; length++)
      await expectNotIdx(gzip.subarray(0, length), /unexpected end of file/);
  });

  it('refuses bytes behind the end of what is packed, few or many', async () => {
    for (const tail of [
      new Uint8Array(1),
      new Uint8Array(3_000_000),
      Buffer.from('more'),
      Buffer.alloc(300_000, 'x'),
    ])
      await expectNotIdx(
        Buffer.concat([gzipSync(small), tail]),
        /bytes follow behind the end|cannot be unpacked \(incorrect header check\)/,
      );
  });

  it('refuses a gzipped file with a wrong checksum of its own', async () => {
    const gzip = gzipSync(small);
    gzip[gzip.length - 5] ^= 1;
    await expectNotIdx(gzip, /cannot be unpacked \(incorrect data check\)/);
  });

  it('refuses a file that unpacks to more than it announces, without unpacking it all', async () => {
    const bomb = gzipSync(Buffer.concat([small, new Uint8Array(200_000_000)]));
    expect(bomb.length).to.be.below(250_000);
    const before = process.memoryUsage().arrayBuffers;
    await expectNotIdx(bomb, /announces 2 x 1 x 3 values and has more/);
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(50_000_000);
  });

  it('refuses a gzipped file that announces more than may be', async () => {
    const error: unknown = await read(gzipSync(whole), 499_999).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(DataError);
    expect((error as DataError).message).to.include('announces 1000 x 20 x 25 values, more than 499999');
  });

  it('gives the error of a file that is not there, or is a folder', () =>
    withDataFolder({}, async (folder) => {
      await mkdir(join(folder, 'inside'));
      for (const [name, code] of [
        ['nothing', 'ENOENT'],
        ['inside', 'EISDIR'],
      ]) {
        const work = readIdxFile({ path: join(folder, name), numAxes: 3, maxValues: 1 });
        expect(await work.catch((error: unknown) => error)).to.have.property('code', code);
      }
    }));

  it('reads any gzipped bytes rightly or refuses them with a DataError', () => {
    const gzip = gzipSync(small);
    const anyFile = fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((bytes) => gzipSync(bytes)),
      fc.uint8Array({ maxLength: 64 }).map((bytes) => Uint8Array.of(0x1f, 0x8b, ...bytes)),
      fc
        .array(fc.tuple(fc.nat(gzip.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
        .map((changes) => changes.reduce((file, [at, value]) => file.with(at, value), new Uint8Array(gzip))),
    );
    return fc.assert(
      fc.asyncProperty(anyFile, async (bytes) => {
        const result: unknown = await read(bytes).catch((error: unknown) => error);
        if (result instanceof DataError) return;
        // A byte of the gzip header that nobody reads, such as the time.
        const file = result as IdxFile;
        expect(encodeIdx(file.sizes, file.values)).to.deep.equal(small);
      }),
      { numRuns: 300 },
    );
  });
});
