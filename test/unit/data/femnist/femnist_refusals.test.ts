import { expect } from 'chai';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../../../../src/core/errors.js';
import { noProgress } from '../../../../src/core/progress.js';
import { loadFemnist } from '../../../../src/data/femnist/femnist.js';
import { cachesIn, fixture, load, parquet, placed } from './loaded.js';
import { recordingProgress, refusalOf, withFolder } from './sources.js';

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
