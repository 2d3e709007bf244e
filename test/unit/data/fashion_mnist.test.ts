import { expect } from 'chai';
import { readdir, symlink, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DataError } from '../../../src/core/errors.js';
import { noProgress } from '../../../src/core/progress.js';
import { loadFashionMnist } from '../../../src/data/fashion_mnist.js';
import {
  fashionMnistNames,
  hasFashionMnist,
  installedFashionMnist,
  publishedFashionMnist,
} from '../../support/fashion_mnist.js';
import { sendBytes, sendStatus, withFileServer } from '../../support/file_server.js';
import { smallMnist, withDataFolder } from './idx_files.js';

const options = { dataDir: '', datasetsDir: '', mirror: '', progress: noProgress };
const small = smallMnist();
const gzipped = Object.fromEntries(
  Object.entries(small).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]),
);

async function failureOf(work: Promise<unknown>): Promise<DataError> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  expect(error).to.be.instanceOf(DataError);
  return error as DataError;
}

describe('loadFashionMnist', () => {
  for (const [what, files] of [
    ['plain', small],
    ['gzipped', gzipped],
    ['partly gzipped', { ...gzipped, 'train-images-idx3-ubyte': small['train-images-idx3-ubyte'] }],
    [
      'gzipped under plain names',
      Object.fromEntries(Object.keys(small).map((name) => [name, gzipped[`${name}.gz`]])),
    ],
  ] as const) {
    it(`takes other pictures of the same form, ${what}, and says that they are not verified`, () =>
      withDataFolder(files, async (folder) => {
        const { name, train, test, isVerified, classNames, background } = await loadFashionMnist({
          ...options,
          dataDir: folder,
        });
        expect({ name, isVerified, background }).to.deep.equal({
          name: 'fashion_mnist',
          isVerified: false,
          background: 0,
        });
        expect([...train.labels, ...test.labels]).to.deep.equal([7, 0, 9, 1, 2]);
        expect([...train.pictures.subarray(0, 784)]).to.deep.equal(Array<number>(784).fill(7));
        // https://github.com/zalandoresearch/fashion-mnist, "Labels"
        expect([classNames[0], classNames[3], classNames[7], classNames[9]]).to.deep.equal([
          'T-shirt/top',
          'Dress',
          'Sneaker',
          'Ankle boot',
        ]);
        expect(classNames).to.have.lengthOf(10);
      }));
  }

  it('of a data_dir that lacks a file: names it, the address and both ways; nothing is fetched', () =>
    withFileServer(
      (response) => {
        sendStatus(response, 404);
      },
      ({ address, requests }) =>
        withDataFolder({ ...gzipped, 't10k-labels-idx1-ubyte.gz': Buffer.from('') }, async (folder) => {
          const empty = await failureOf(loadFashionMnist({ ...options, dataDir: folder, mirror: address }));
          expect(empty.message)
            .to.include('t10k-labels-idx1-ubyte.gz" is not the IDX file')
            .and.include('it has 0 bytes');
          const dataDir = join(folder, 'none');
          const error = await failureOf(loadFashionMnist({ ...options, dataDir, mirror: address }));
          expect(error.code).to.equal('ERR_DATA_MISSING');
          expect(error.message)
            .to.include(`Cannot read "${join(dataDir, 'train-images-idx3-ubyte')}": ENOENT`)
            .and.include('http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/')
            .and.include('`make data DATASET=fashion_mnist`')
            .and.include(`"${dataDir}"`);
          expect(requests).to.deep.equal([]);
        }),
    ));

  it('reads what lies in its usual place without a network', () =>
    withDataFolder({}, async (datasetsDir) => {
      await mkdir(join(datasetsDir, 'fashion_mnist'));
      for (const [name, bytes] of Object.entries({ ...small, ...gzipped }))
        if (name.startsWith('t10k') === name.endsWith('.gz'))
          await writeFile(join(datasetsDir, 'fashion_mnist', name), bytes);
      const { folder, test } = await loadFashionMnist({ ...options, datasetsDir });
      expect(folder).to.equal(join(datasetsDir, 'fashion_mnist'));
      expect(test.numRows).to.equal(2);
    }));

  describe('with the real files', () => {
    before(function () {
      if (hasFashionMnist) return;
      console.log(`    skipped: there is no Fashion-MNIST in ${installedFashionMnist}`);
      this.skip();
    });

    it('verifies contents that were gzipped anew, and has the labels that everyone knows', async () => {
      const { train, test, isVerified } = await loadFashionMnist({
        ...options,
        dataDir: installedFashionMnist,
      });
      expect([train.numRows, test.numRows, isVerified]).to.deep.equal([60_000, 10_000, true]);
      // The first rows of the tutorials: an ankle boot, two T-shirts, a dress, a T-shirt; an ankle boot, a pullover, two trousers.
      expect([...train.labels.subarray(0, 5)]).to.deep.equal([9, 0, 0, 3, 0]);
      expect([...test.labels.subarray(0, 4)]).to.deep.equal([9, 2, 1, 1]);
      const counts = Array<number>(10).fill(0);
      for (const label of train.labels) counts[label]++;
      expect(counts).to.deep.equal(Array<number>(10).fill(6000));
      // The mean pixel with which everyone normalises.
      const sum = train.pictures.reduce((total, pixel) => total + pixel, 0);
      expect(sum / train.pictures.length / 255).to.be.closeTo(0.286, 0.0005);
    });

    it('is verified unpacked too', () =>
      withDataFolder({}, async (folder) => {
        for (const name of fashionMnistNames) {
          if (name.startsWith('train-images'))
            await symlink(join(installedFashionMnist, name), join(folder, name));
          else
            await writeFile(join(folder, name.replace('.gz', '')), gunzipSync(publishedFashionMnist(name)));
        }
        expect((await loadFashionMnist({ ...options, dataDir: folder })).isVerified).to.equal(true);
      }));

    it('fetches the published archives, and of these only what is missing', () =>
      withFileServer(
        (response, request) => {
          sendBytes(response, request, publishedFashionMnist((request.url ?? '').slice(1)));
        },
        ({ address, requests }) =>
          withDataFolder({}, async (datasetsDir) => {
            const folder = join(datasetsDir, 'fashion_mnist');
            await mkdir(folder);
            const [there] = fashionMnistNames;
            await symlink(join(installedFashionMnist, there), join(folder, there));
            const load = () => loadFashionMnist({ ...options, datasetsDir, mirror: address });
            expect((await load()).isVerified).to.equal(true);
            expect(requests).to.deep.equal(fashionMnistNames.slice(1).map((name) => `/${name}`));
            expect((await readdir(folder)).toSorted()).to.deep.equal(fashionMnistNames.toSorted());
            await load();
            expect(requests).to.have.lengthOf(3);
          }),
      ));
  });
});
