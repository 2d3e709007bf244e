import { expect } from 'chai';
import { noProgress } from '../../../src/core/progress.js';
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError } from '../../../src/core/errors.js';
import type { Dataset } from '../../../src/data/dataset.js';
import { loadMnist } from '../../../src/data/mnist.js';
import { datasetNames, loadDataset } from '../../../src/data/registry.js';
import { encodeIdx, smallMnist, withDataFolder, type MnistFiles } from './idx_files.js';

const mnistFiles = Object.keys(smallMnist()) as (keyof MnistFiles)[];

describe('loadMnist, embedded', () => {
  let mnist: Dataset;
  before(async () => {
    mnist = await loadMnist({ dataDir: '' });
  });

  it('is the published data: 60,000 + 10,000 rows, checked by SHA-256', () => {
    expect(mnist).to.deep.include({
      name: 'mnist',
      shape: { picture: [1, 28, 28], numClasses: 10 },
      background: 0,
      isVerified: true,
    });
    expect([mnist.train.numRows, mnist.test.numRows]).to.deep.equal([60_000, 10_000]);
    expect(mnist.train.pictures).to.have.lengthOf(60_000 * 784);
    expect(mnist.test.labels).to.have.lengthOf(10_000);
  });

  it('has the labels, class sizes and mean pixel that everyone knows', () => {
    expect([...mnist.train.labels.subarray(0, 5)]).to.deep.equal([5, 0, 4, 1, 9]);
    expect([...mnist.test.labels.subarray(0, 5)]).to.deep.equal([7, 2, 1, 0, 4]);
    const classSizes = Array<number>(10).fill(0);
    for (const label of mnist.train.labels) classSizes[label]++;
    expect(classSizes).to.deep.equal([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    const sum = mnist.train.pictures.reduce((total, pixel) => total + pixel, 0);
    expect(sum / mnist.train.pictures.length / 255).to.be.closeTo(0.1307, 0.00005);
  });

  it('lies in memory that threads share', () => {
    for (const { pictures, labels } of [mnist.train, mnist.test]) {
      expect(pictures.buffer).to.be.instanceOf(SharedArrayBuffer);
      expect(labels.buffer).to.be.instanceOf(SharedArrayBuffer);
    }
  });

  it('is verified in another folder too', async () => {
    expect((await loadMnist({ dataDir: mnist.folder })).isVerified).to.equal(true);
  });

  for (const name of mnistFiles) {
    it(`is taken, but is not verified, where one byte of ${name} is another`, async () => {
      await withDataFolder({}, async (folder) => {
        for (const file of mnistFiles) await symlink(join(mnist.folder, file), join(folder, file));
        const bytes = await readFile(join(folder, name));
        bytes[bytes.length - 1] = (bytes[bytes.length - 1] + 1) % 10;
        await rm(join(folder, name));
        await writeFile(join(folder, name), bytes);
        const { isVerified, train } = await loadMnist({ dataDir: folder });
        expect({ isVerified, numRows: train.numRows }).to.deep.equal({ isVerified: false, numRows: 60_000 });
      });
    });
  }
});

describe('loadMnist, from data_dir', () => {
  it('takes other pictures of the same form, and says that they are not verified', async () => {
    await withDataFolder(smallMnist(), async (folder) => {
      const { train, test, isVerified, folder: from } = await loadMnist({ dataDir: folder });
      expect({ isVerified, from }).to.deep.equal({ isVerified: false, from: folder });
      expect([train.numRows, test.numRows]).to.deep.equal([3, 2]);
      expect([...train.labels, ...test.labels]).to.deep.equal([7, 0, 9, 1, 2]);
      expect([...train.pictures.subarray(0, 784)]).to.deep.equal(Array<number>(784).fill(7));
      expect([...train.pictures.subarray(2 * 784)]).to.deep.equal(Array<number>(784).fill(9));
      expect(test.pictures.buffer).to.be.instanceOf(SharedArrayBuffer);
    });
  });

  it('takes gzipped files too', async () => {
    const gzipped = Object.entries(smallMnist()).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]);
    await withDataFolder(Object.fromEntries(gzipped) as Record<string, Uint8Array>, async (folder) => {
      const { train, test } = await loadMnist({ dataDir: folder });
      expect([...train.labels, ...test.labels]).to.deep.equal([7, 0, 9, 1, 2]);
    });
  });

  const pixels = (count: number) => new Uint8Array(count);
  const trainPictures = smallMnist()['train-images-idx3-ubyte'];
  const damaged: readonly [string, keyof MnistFiles, Uint8Array, string][] = [
    ['truncated pictures', 'train-images-idx3-ubyte', trainPictures.subarray(0, 1000), 'ERR_IDX'],
    ['an empty file', 'train-labels-idx1-ubyte', pixels(0), 'ERR_IDX'],
    ['labels in place of pictures', 't10k-images-idx3-ubyte', encodeIdx([2], [1, 2]), 'ERR_IDX'],
    ['something else altogether', 't10k-labels-idx1-ubyte', Buffer.from('<!DOCTYPE html>'), 'ERR_IDX'],
    ['20x20 pictures', 'train-images-idx3-ubyte', encodeIdx([3, 20, 20], pixels(1200)), 'ERR_DATA'],
    ['14x28 pictures', 't10k-images-idx3-ubyte', encodeIdx([2, 14, 28], pixels(784)), 'ERR_DATA'],
    ['28x14 pictures', 't10k-images-idx3-ubyte', encodeIdx([2, 28, 14], pixels(784)), 'ERR_DATA'],
    ['no pictures', 't10k-images-idx3-ubyte', encodeIdx([0, 28, 28], []), 'ERR_DATA'],
    ['fewer labels than pictures', 'train-labels-idx1-ubyte', encodeIdx([2], [7, 0]), 'ERR_DATA'],
    ['more labels than pictures', 't10k-labels-idx1-ubyte', encodeIdx([3], [1, 2, 3]), 'ERR_DATA'],
    ['a label of 10', 'train-labels-idx1-ubyte', encodeIdx([3], [7, 0, 10]), 'ERR_DATA'],
  ];
  for (const [what, name, bytes, code] of damaged) {
    it(`refuses ${what}, naming the file`, async () => {
      await withDataFolder({ ...smallMnist(), [name]: bytes }, async (folder) => {
        await expectDataError(folder, join(folder, name), code);
      });
    });
  }

  it('says which row has which label, and which sizes disagree', async () => {
    const withLabels = (labels: number[]) => ({
      ...smallMnist(),
      'train-labels-idx1-ubyte': encodeIdx([labels.length], labels),
    });
    expect((await failureOf(withLabels([7, 255, 10]))).message).to.include('row 1 has label 255, not 0 to 9');
    expect((await failureOf(withLabels([7, 0]))).message).to.include('2 labels for 3 pictures');
  });

  for (const name of mnistFiles) {
    it(`refuses a folder without ${name}, naming it and the remedy`, async () => {
      await withDataFolder(smallMnist(), async (folder) => {
        await rm(join(folder, name));
        const error = await expectDataError(folder, join(folder, name), 'ERR_DATA_MISSING');
        expect(error.message).to.include('ENOENT').and.include('`data_dir`');
        expect(error.cause).to.have.property('code', 'ENOENT');
      });
    });
  }

  it('loadDataset finds it by its name', async () => {
    expect(datasetNames).to.include('mnist');
    const { name, train } = await withDataFolder(smallMnist(), (folder) =>
      loadDataset('mnist', { dataDir: folder, datasetsDir: '', mirror: '', progress: noProgress }),
    );
    expect([name, train.numRows]).to.deep.equal(['mnist', 3]);
  });
});

async function expectDataError(folder: string, path: string, code: string): Promise<DataError> {
  const error = await loadMnist({ dataDir: folder }).then(
    () => expect.fail('the files were accepted'),
    (reason: unknown) => reason as DataError,
  );
  expect(error).to.be.instanceOf(DataError);
  expect(error).to.deep.include({ code, details: { path } });
  expect(error.message).to.include(`"${path}"`);
  return error;
}

async function failureOf(files: MnistFiles): Promise<DataError> {
  return withDataFolder(files, (folder) =>
    expectDataError(folder, join(folder, 'train-labels-idx1-ubyte'), 'ERR_DATA'),
  );
}
