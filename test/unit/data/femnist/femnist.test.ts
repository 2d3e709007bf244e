import { expect } from 'chai';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../../../../src/core/errors.js';
import { noProgress } from '../../../../src/core/progress.js';
import { loadFemnist } from '../../../../src/data/femnist/femnist.js';
import { datasetNames, loadDataset } from '../../../../src/data/registry.js';
import { cachesIn, fixture, flat, leaf, load, parquet, placed } from './loaded.js';
import { fixtureRows, recordingProgress, refusalOf, withFolder } from './sources.js';

/** The fixture's rows by (writer, order), with writers numbered; those for which `isWanted`. */
function expectedRows(isWanted: (row: ReturnType<typeof fixtureRows>[number]) => boolean) {
  return ['f0000_14', 'f0001_41', 'f0002_10', 'f0003_07'].flatMap((name, number) =>
    fixtureRows()
      .filter((row) => row.writer === name && isWanted(row))
      .map(({ label, picture }) => ({ writer: number, label, picture })),
  );
}

describe('loadFemnist', () => {
  it("takes LEAF's own split, and orders rows by (writer, source)", async () => {
    await withFolder(placed(leaf), async (folder) => {
      const dataset = await load(folder);
      expect(flat(dataset.train)).to.deep.equal(expectedRows(({ isTest }) => !isTest));
      expect(flat(dataset.test)).to.deep.equal(expectedRows(({ isTest }) => isTest));
      expect(dataset).to.deep.include({
        name: 'femnist',
        shape: { picture: [1, 28, 28], numClasses: 62 },
        background: 255,
        folder: join(folder, 'femnist'),
        isVerified: false,
      });
      expect(dataset.classNames.join('')).to.equal(
        '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
      );
      for (const { pictures, labels, writers } of [dataset.train, dataset.test])
        for (const part of [pictures, labels, writers])
          expect(part?.buffer).to.be.instanceOf(SharedArrayBuffer);
    });
  });

  it('finds it by its name', async () => {
    expect(datasetNames).to.include('femnist');
    await withFolder(leaf, async (folder) => {
      const options = {
        dataDir: folder,
        datasetsDir: join(folder, 'sets'),
        mirror: '',
        progress: noProgress,
      };
      expect((await loadDataset('femnist', options)).folder).to.equal(folder);
      expect(await cachesIn(join(folder, 'sets'))).to.have.lengthOf(1);
    });
  });

  const unsplit: readonly [string, Record<string, Uint8Array>][] = [
    ['Parquet', parquet],
    ['Parquet with black paper', { 'a.parquet': fixture('inverted.parquet') }],
    ['Parquet in another layout', { 'data/a.parquet': fixture('v2_snappy.parquet') }],
    [
      "LEAF's JSON in one folder",
      { 'data/a.json': fixture('leaf_train.json'), 'data/b.json': fixture('leaf_test.json') },
    ],
  ];
  for (const [what, files] of unsplit) {
    it(`holds out one row of each writer of 2 to 14, and reads the same pictures: ${what}`, async () => {
      await withFolder(placed(files), async (folder) => {
        const { train, test } = await load(folder);
        // f0000_14 has 5 rows, f0001_41 1, f0002_10 4, f0003_07 2
        expect(flat(test).map(({ writer }) => writer)).to.deep.equal([0, 2, 3]);
        expect(flat(train).map(({ writer }) => writer)).to.deep.equal([0, 0, 0, 0, 1, 2, 2, 2, 3]);
        const all = expectedRows(() => true);
        for (const row of [...flat(train), ...flat(test)]) expect(all).to.deep.include(row);
        const kept = all.filter(({ picture }) => !flat(test).some((row) => row.picture === picture));
        expect(flat(train)).to.deep.equal(kept);
      });
    });
  }

  it('numbers writers over all files, whatever their order, and holds out the same rows', async () => {
    const [first, second] = [fixture('leaf_train.json'), fixture('leaf_test.json')];
    const parts = [
      { 'a.json': first, 'b.json': second },
      { 'b.json': first, 'a.json': second },
    ];
    const sets = parts.map((files) => withFolder(placed(files), load));
    const [one, other] = (await Promise.all(sets)).map(({ train, test }) =>
      [train, test].map((rows) => [...(rows.writers ?? [])]),
    );
    expect(one).to.deep.equal(other);
  });

  it('reads both of two Parquet files, each with its own colour of paper, and says which was inverted', async () => {
    const files = { 'a.parquet': fixture('hf.parquet'), 'b.parquet': fixture('inverted.parquet') };
    await withFolder(placed(files), async (folder) => {
      const { progress, tasks } = recordingProgress();
      const { train, test } = await load(folder, progress);
      const pictures = new Map<string, number>();
      for (const { picture } of [...flat(train), ...flat(test)])
        pictures.set(picture, (pictures.get(picture) ?? 0) + 1);
      expect(pictures).to.deep.equal(new Map([...pictures.keys()].map((picture) => [picture, 2])));
      expect([...pictures.keys()].sort()).to.deep.equal(
        fixtureRows()
          .map(({ picture }) => picture)
          .sort(),
      );
      const told = tasks.map(({ what }) => what).filter((what) => what.includes('inverted'));
      expect(told).to.deep.equal([
        `${join(folder, 'femnist', 'b.parquet')} has white ink on black paper: inverted`,
      ]);
    });
  });

  it('tells how far it is: every byte of the source, every row', async () => {
    await withFolder(placed(leaf), async (folder) => {
      const { progress, tasks } = recordingProgress();
      await load(folder, progress);
      const numBytes = leaf['train/a.json'].length + leaf['test/a.json'].length;
      expect(tasks).to.deep.equal([
        {
          what: `Reading femnist from ${join(folder, 'femnist')}`,
          total: numBytes,
          unit: 'bytes',
          done: numBytes,
          ended: true,
        },
        { what: 'Sorting femnist by writer', total: 12, unit: 'rows', done: 12, ended: true },
      ]);
    });
  });
});

describe('loadFemnist, where something is wrong', () => {
  async function expectNoCache(folder: string): Promise<void> {
    expect(await cachesIn(folder)).to.deep.equal([]);
  }

  it('says where a missing data set is to be had, and where it should lie', async () => {
    await withFolder({}, async (folder) => {
      const error = await refusalOf(load(folder));
      expect(error).to.deep.include({ code: 'ERR_DATA_MISSING', details: { path: join(folder, 'femnist') } });
      for (const hint of [
        join(folder, 'femnist'),
        'https://huggingface.co/datasets/flwrlabs/femnist',
        'data/*.parquet',
        'https://github.com/TalwalkarLab/leaf',
        '`data_dir`',
      ])
        expect(error.message).to.include(hint);
      const elsewhere = loadFemnist({
        dataDir: join(folder, 'mine'),
        datasetsDir: folder,
        mirror: '',
        progress: noProgress,
      });
      expect((await refusalOf(elsewhere)).message).to.include(join(folder, 'mine'));
    });
  });

  it('names the bad file, and keeps nothing', async () => {
    const files = { 'a.parquet': fixture('hf.parquet'), 'b.parquet': fixture('bad/label_62.parquet') };
    await withFolder(placed(files), async (folder) => {
      const { progress, tasks } = recordingProgress();
      const error = await refusalOf(load(folder, progress));
      expect(error.details).to.deep.equal({ path: join(folder, 'femnist', 'b.parquet') });
      expect(tasks.map(({ ended }) => ended)).to.deep.equal([true]);
      await expectNoCache(folder);
    });
  });

  for (const name of ['a.parquet', 'a.json']) {
    it(`refuses an empty ${name}`, async () => {
      await withFolder(placed({ [name]: '' }), async (folder) => {
        expect(await refusalOf(load(folder))).to.have.property('code', 'ERR_DATA');
      });
    });

    it(`refuses a folder called ${name}`, async () => {
      await withFolder(placed({ [`${name}/file`]: '' }), async (folder) => {
        const error = await refusalOf(load(folder));
        expect(error).to.have.property('code', 'ERR_READ');
        expect(error.message)
          .to.include(join(folder, 'femnist', name))
          .and.include('EISDIR');
      });
    });
  }

  it('refuses a source without rows, or with none to test on', async () => {
    const oneEach = JSON.stringify({
      users: ['a', 'b'],
      num_samples: [1, 1],
      user_data: Object.fromEntries(
        ['a', 'b'].map((user) => [user, { x: [Array<number>(784).fill(1)], y: [3] }]),
      ),
    });
    const sources: readonly [Record<string, string | Uint8Array>, string][] = [
      [{ 'a.parquet': fixture('bad/no_rows.parquet') }, 'no rows for the train split'],
      [{ 'a.json': oneEach }, 'no rows for the test split'],
      [
        { 'train/a.json': oneEach, 'test/a.json': '{"users": [], "num_samples": [], "user_data": {}}' },
        'no rows for the test split',
      ],
    ];
    for (const [files, why] of sources) {
      await withFolder(placed(files), async (folder) => {
        const error = await refusalOf(load(folder));
        expect(error).to.deep.include({ code: 'ERR_DATA', details: { path: join(folder, 'femnist') } });
        expect(error.message).to.include(why);
        await expectNoCache(folder);
      });
    }
  });

  it('keeps nothing of a source that changes while it is read', async () => {
    await withFolder(placed(parquet), async (folder) => {
      const [path] = Object.keys(placed(parquet));
      let changing: Promise<void> | undefined;
      const { progress } = recordingProgress((what) => {
        if (what.startsWith('Sorting')) changing = utimes(join(folder, path), 1, 1);
      });
      const error = await refusalOf(load(folder, progress));
      await changing;
      expect(error.message).to.include('changed while they were read');
      await expectNoCache(folder);
    });
  });

  it('says what to do where the cache cannot be kept', async () => {
    await withFolder({ ...placed(parquet), cache: 'a file' }, async (folder) => {
      const error: unknown = await load(folder).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(StorageError);
      expect(error).to.deep.include({ code: 'ERR_WRITE', details: { path: join(folder, 'cache') } });
      expect((error as StorageError).message).to.include('`datasets_dir`');
    });
  });
});
