import { expect } from 'chai';
import fc from 'fast-check';
import { mkdir, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../../src/core/errors.js';
import { noProgress } from '../../../src/core/progress.js';
import { loadCifar10 } from '../../../src/data/cifar10.js';
import { cifar10Files, obtainCifar10 } from '../../../src/data/cifar10_files.js';
import { separateRows } from '../../../src/data/cifar10_rows.js';
import type { Dataset } from '../../../src/data/dataset.js';
import { cifarRow, smallCifar } from '../../support/cifar_files.js';
import { sendBytes, sendStatus, withFileServer } from '../../support/file_server.js';
import { published, sampleBytes } from '../../support/source_files.js';
import { encodeTarGz } from '../../support/tar_files.js';
import { withDataFolder } from './idx_files.js';

const ARCHIVE = 'cifar-10-binary.tar.gz';
const FOLDER = 'cifar-10-batches-bin';
const options = { dataDir: '', datasetsDir: '', mirror: '', progress: noProgress };
const names = Object.keys(cifar10Files);

function archiveOf(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  return encodeTarGz([
    { path: `${FOLDER}/`, type: '5' },
    { path: `${FOLDER}/readme.html`, bytes: Buffer.from('<html>') },
    ...Object.entries(files).map(([name, bytes]) => ({ path: `${FOLDER}/${name}`, bytes })),
  ]);
}

async function failureOf(work: Promise<unknown>): Promise<DataError> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  expect(error).to.be.instanceOf(DataError);
  return error as DataError;
}

function expectSmall({ train, test, isVerified }: Dataset): void {
  expect([train.numRows, test.numRows, isVerified]).to.deep.equal([10, 2, false]);
  expect([...train.labels]).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect([...test.labels]).to.deep.equal([0, 1]);
  // Row 7 is the second one of data_batch_4.bin: planes 3, 101 and 203.
  const picture = train.pictures.subarray(7 * 3072, 8 * 3072);
  expect([0, 1023, 1024, 2047, 2048, 3071].map((at) => picture[at])).to.deep.equal([
    3, 3, 101, 101, 203, 203,
  ]);
  expect(test.pictures[3072 + 1024]).to.equal(101);
}

describe('loadCifar10', () => {
  it('reads six files of rows, in order, and says that they are not verified', () =>
    withDataFolder(smallCifar(), async (folder) => {
      const dataset = await loadCifar10({ ...options, dataDir: folder });
      expectSmall(dataset);
      expect(dataset).to.deep.include({
        name: 'cifar10',
        shape: { picture: [3, 32, 32], numClasses: 10 },
        folder,
      });
      // https://www.cs.toronto.edu/~kriz/cifar.html, in the order of the page
      expect(dataset.classNames.join(' ')).to.equal(
        'airplane automobile bird cat deer dog frog horse ship truck',
      );
      for (const { pictures, labels } of [dataset.train, dataset.test]) {
        expect(pictures.buffer).to.be.instanceOf(SharedArrayBuffer);
        expect(labels.buffer).to.be.instanceOf(SharedArrayBuffer);
        expect(pictures.buffer.byteLength).to.equal(pictures.length);
      }
    }));

  it('takes files of different lengths', () =>
    withDataFolder({ ...smallCifar(), 'data_batch_3.bin': cifarRow(9, 1, 2, 3) }, async (folder) => {
      const { train } = await loadCifar10({ ...options, dataDir: folder });
      expect([...train.labels]).to.deep.equal([0, 1, 2, 3, 9, 6, 7, 8, 9]);
    }));

  it('finds the folder of the archive in data_dir, and in its usual place', () =>
    withDataFolder(smallCifar(), async (folder) => {
      const place = join(folder, 'cifar10');
      await mkdir(join(place, FOLDER), { recursive: true });
      for (const name of names) await rename(join(folder, name), join(place, FOLDER, name));
      expectSmall(await loadCifar10({ ...options, dataDir: place }));
      expectSmall(await loadCifar10({ ...options, datasetsDir: folder }));
    }));

  it('unpacks an archive that was put there, once', () =>
    withDataFolder({ [ARCHIVE]: archiveOf(smallCifar()) }, async (folder) => {
      expectSmall(await loadCifar10({ ...options, dataDir: folder }));
      expect((await readdir(folder)).toSorted()).to.deep.equal([FOLDER, ARCHIVE].toSorted());
      expect((await readdir(join(folder, FOLDER))).toSorted()).to.deep.equal(names.toSorted());
      await writeFile(join(folder, ARCHIVE), 'not looked at any more');
      expectSmall(await loadCifar10({ ...options, dataDir: folder }));
    }));

  it('says where an archive is damaged, and leaves nothing of it', () =>
    withDataFolder({ [ARCHIVE]: archiveOf(smallCifar()) }, async (folder) => {
      await truncate(join(folder, ARCHIVE), 300);
      const error = await failureOf(loadCifar10({ ...options, dataDir: folder }));
      expect(error.code).to.equal('ERR_ARCHIVE');
      expect(error.message).to.include(join(folder, ARCHIVE));
      expect(await readdir(folder)).to.deep.equal([ARCHIVE]);
    }));

  it('tells to fetch a damaged archive anew only where it was fetched, not where the user gave it', () =>
    withDataFolder({}, async (folder) => {
      const own = join(folder, 'cifar10');
      await mkdir(own);
      await writeFile(join(own, ARCHIVE), 'no archive');
      const fetched = await failureOf(loadCifar10({ ...options, datasetsDir: folder }));
      expect(fetched.message).to.match(/Remove it, and run again to fetch it anew\.$/);
      const given = await failureOf(loadCifar10({ ...options, dataDir: own }));
      expect(given.message).to.match(/Put the original one there, .*https:.*without `data_dir`/);
      expect(given.message).not.to.include('Remove it');
    }));

  it('where nothing is there, says the address, the place and both ways, and asks no network for a data_dir', () =>
    withFileServer(
      (response) => {
        sendStatus(response, 404);
      },
      ({ address, requests }) =>
        withDataFolder({}, async (folder) => {
          const local = await failureOf(loadCifar10({ ...options, dataDir: folder, mirror: address }));
          expect(local.code).to.equal('ERR_DATA_MISSING');
          expect(local.message).to.include(`There is neither ${FOLDER} nor ${ARCHIVE} in "${folder}".`);
          expect(requests).to.deep.equal([]);
          const remote = await failureOf(loadCifar10({ ...options, datasetsDir: folder, mirror: address }));
          expect(remote.code).to.equal('ERR_DATA_MISSING');
          expect(remote.message).to.include(`Cannot fetch ${address}/${ARCHIVE}: the server answered 404`);
          for (const { message } of [local, remote])
            expect(message)
              .to.include('https://www.cs.toronto.edu/~kriz/')
              .and.include('`make data DATASET=cifar10`')
              .and.include(`put ${ARCHIVE} into "${folder}`)
              .and.include('`data_dir`');
          expect(requests).to.deep.equal([`/${ARCHIVE}`]);
        }),
    ));

  const damaged: readonly [string, string, Uint8Array, RegExp][] = [
    ['an empty file', 'data_batch_2.bin', new Uint8Array(), /it has 0 bytes/],
    ['a file cut off', 'data_batch_5.bin', cifarRow(1, 2, 3, 4).subarray(0, 3072), /it has 3072 bytes/],
    [
      'a byte too many',
      'test_batch.bin',
      new Uint8Array(3074),
      /it has 3074 bytes, which is no whole number/,
    ],
    ['a label of 10', 'data_batch_1.bin', cifarRow(10, 2, 3, 4), /row 0 has label 10, not 0 to 9/],
    [
      'a label of 255 in the second row',
      'test_batch.bin',
      Buffer.concat([cifarRow(9, 0, 0, 0), cifarRow(255, 0, 0, 0)]),
      /row 1 has label 255/,
    ],
    ['another file', 'data_batch_4.bin', Buffer.from('<!DOCTYPE html>'), /it has 15 bytes/],
  ];
  for (const [what, name, bytes, why] of damaged) {
    it(`refuses ${what}, naming the file`, () =>
      withDataFolder({ ...smallCifar(), [name]: bytes }, async (folder) => {
        const error = await failureOf(loadCifar10({ ...options, dataDir: folder }));
        expect(error).to.deep.include({ code: 'ERR_DATA', details: { path: join(folder, name) } });
        expect(error.message)
          .to.include(`"${join(folder, name)}" is not a file of CIFAR-10`)
          .and.match(why);
      }));
  }

  it('refuses a file far too long without reading it', () =>
    withDataFolder(smallCifar(), async (folder) => {
      await truncate(join(folder, 'data_batch_1.bin'), 3073 * 1_000_001); // sparse: takes no room
      const error = await failureOf(loadCifar10({ ...options, dataDir: folder }));
      expect(error.message).to.include('more than 1000000 rows');
    }));

  for (const name of names) {
    it(`refuses a folder without ${name}, naming it and the remedy`, () =>
      withDataFolder(smallCifar(), async (folder) => {
        await rm(join(folder, name));
        const error = await failureOf(loadCifar10({ ...options, dataDir: folder }));
        expect(error.code).to.equal('ERR_DATA_MISSING');
        expect(error.message)
          .to.include('ENOENT')
          .and.include(join(folder, name))
          .and.include(`Put them into "${folder}"`);
      }));
  }
});

describe('obtainCifar10', () => {
  const archive = archiveOf(smallCifar());
  const source = { dataset: 'cifar10', address: '', files: [published(ARCHIVE, archive)] };

  it('fetches the archive and unpacks it, once', () =>
    withFileServer(
      (response, request) => {
        sendBytes(response, request, archive);
      },
      ({ address, requests }) =>
        withDataFolder({}, async (datasetsDir) => {
          const obtain = () => obtainCifar10({ ...source, address }, { ...options, datasetsDir });
          const folder = await obtain();
          expect(folder).to.equal(join(datasetsDir, 'cifar10', FOLDER));
          expectSmall(await loadCifar10({ ...options, dataDir: folder }));
          expect((await readdir(join(datasetsDir, 'cifar10'))).toSorted()).to.deep.equal(
            [FOLDER, ARCHIVE].toSorted(),
          );
          expect(await obtain()).to.equal(folder);
          await rm(folder, { recursive: true });
          expect(await obtain()).to.equal(folder);
          expect(requests).to.deep.equal([`/${ARCHIVE}`]);
        }),
    ));

  it('unpacks nothing whose checksum is wrong', () =>
    withFileServer(
      (response, request) => {
        sendBytes(response, request, sampleBytes(archive.length));
      },
      ({ address }) =>
        withDataFolder({}, async (datasetsDir) => {
          const error = await failureOf(obtainCifar10({ ...source, address }, { ...options, datasetsDir }));
          expect(error.code).to.equal('ERR_CHECKSUM');
          expect(await readdir(join(datasetsDir, 'cifar10'))).to.deep.equal([]);
        }),
    ));
});

describe('separateRows', () => {
  const newRows = (numRows: number) => ({
    pictures: new Uint8Array(new SharedArrayBuffer(numRows * 3072)),
    labels: new Uint8Array(new SharedArrayBuffer(numRows)),
  });
  const file = { path: 'dir/file', numClasses: 10 };
  const anyRows = fc
    .array(fc.tuple(fc.nat(9), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((rows) =>
      rows.map(([label, salt]) => Buffer.concat([Uint8Array.of(label), sampleBytes(3072, salt)])),
    );
  const piecesOf = (bytes: Uint8Array, cuts: readonly number[]) => {
    const bounds = [0, ...cuts.map((cut) => cut % bytes.length).toSorted((a, b) => a - b), bytes.length];
    return bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end));
  };

  it('sorts any rows, in whichever pieces they come', () =>
    fc.assert(
      fc.asyncProperty(anyRows, fc.array(fc.nat()), async (rows, cuts) => {
        const { pictures, labels } = newRows(rows.length);
        await separateRows(piecesOf(Buffer.concat(rows), cuts), { pictures, labels }, file);
        rows.forEach((row, index) => {
          expect(labels[index]).to.equal(row[0]);
          expect(
            Buffer.compare(pictures.subarray(index * 3072, (index + 1) * 3072), row.subarray(1)),
          ).to.equal(0);
        });
      }),
      { numRuns: 60 },
    ));

  it('of damaged rows takes every byte in its own place, or refuses them with a DataError', () =>
    fc.assert(
      fc.asyncProperty(
        anyRows,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
        fc.integer({ min: -4000, max: 4000 }),
        async (rows, changes, growth) => {
          const bytes = new Uint8Array(Buffer.concat(rows));
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const given = new Uint8Array(Math.max(0, bytes.length + growth));
          given.set(bytes.subarray(0, given.length));
          const sorted = newRows(rows.length);
          const error: unknown = await separateRows([given], sorted, file).catch((reason: unknown) => reason);
          const isSound = growth === 0 && rows.every((_, row) => bytes[row * 3073] < 10);
          expect(error instanceof DataError).to.equal(!isSound);
          if (!isSound) return;
          rows.forEach((_, row) => {
            const picture = sorted.pictures.subarray(row * 3072, (row + 1) * 3072);
            expect(Buffer.compare(picture, bytes.subarray(row * 3073 + 1, (row + 1) * 3073))).to.equal(0);
          });
        },
      ),
      { numRuns: 100 },
    ));
});
