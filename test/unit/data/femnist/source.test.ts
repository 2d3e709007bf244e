import { expect } from 'chai';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findSource, sourceKey } from '../../../../src/data/femnist/source.js';
import { refusalOf, withFolder } from './sources.js';

async function found(files: readonly string[]): Promise<readonly string[] | undefined> {
  return withFolder(Object.fromEntries(files.map((name) => [name, 'x'])), async (folder) => {
    const source = await findSource(folder);
    return source?.files.map(({ path, format, split }) =>
      [path.slice(folder.length + 1), format, split ?? '-'].join(' '),
    );
  });
}

describe('findSource', () => {
  it('finds the files of each layout, in the order of their names', async () => {
    expect(await found(['test/b.json', 'test/a.json', 'train/c.json', 'train/readme.md'])).to.deep.equal([
      'train/c.json leaf train',
      'test/a.json leaf test',
      'test/b.json leaf test',
    ]);
    expect(await found(['data/test/a.json', 'data/train/a.json', 'preprocess.sh'])).to.deep.equal([
      'data/train/a.json leaf train',
      'data/test/a.json leaf test',
    ]);
    expect(await found(['b.parquet', 'a.parquet', '.c.parquet'])).to.deep.equal([
      'a.parquet parquet -',
      'b.parquet parquet -',
    ]);
    expect(await found(['all_data_1.json', 'all_data_0.json'])).to.deep.equal([
      'all_data_0.json leaf -',
      'all_data_1.json leaf -',
    ]);
    expect(await found(['data/all_data_0.json'])).to.deep.equal(['data/all_data_0.json leaf -']);
  });

  it('takes Parquet files for the data beside a JSON file that describes them', async () => {
    expect(await found(['dataset_infos.json', 'data/train-00000-of-00001.parquet'])).to.deep.equal([
      'data/train-00000-of-00001.parquet parquet -',
    ]);
  });

  it('finds nothing where nothing is', async () => {
    expect(await found([])).to.equal(undefined);
    expect(await found(['README.md', 'data/pictures.bin'])).to.equal(undefined);
    expect(await findSource('/nowhere/at/all')).to.equal(undefined);
  });

  for (const [there, missing] of [
    ['train', 'test'],
    ['test', 'train'],
  ]) {
    it(`refuses LEAF's ${there} without ${missing}`, async () => {
      await withFolder({ [`data/${there}/a.json`]: 'x', 'a.parquet': 'x' }, async (folder) => {
        const error = await refusalOf(findSource(folder));
        expect(error).to.deep.include({
          code: 'ERR_DATA_MISSING',
          details: { path: join(folder, 'data', missing) },
        });
        expect(error.message).to.include('`data_dir`');
      });
    });
  }

  it('names a folder that it cannot look into', async () => {
    const loop = 'x'.repeat(300); // a name too long for any file system
    const error = await refusalOf(findSource(loop));
    expect(error).to.have.property('code', 'ERR_READ');
    expect(error.message).to.include('ENAMETOOLONG').and.include('`data_dir`');
  });
});

describe('sourceKey', () => {
  it('changes with the name, size and time of any file and with the version, and with nothing else', async () => {
    const keyOf = (files: Record<string, string>, seconds = 1000, version = 1) =>
      withFolder(files, async (folder) => {
        for (const name of Object.keys(files)) await utimes(join(folder, name), seconds, seconds);
        const source = await findSource(folder);
        return source && sourceKey(source, version);
      });
    const files = { 'a.parquet': '123', 'b.parquet': '45' };
    const key = await keyOf(files);
    expect(key).to.match(/^[0-9a-f]{16}$/);
    expect(await keyOf({ ...files, 'readme.md': 'x' })).to.equal(key);
    const others = [
      await keyOf({ 'a.parquet': '123', 'c.parquet': '45' }),
      await keyOf({ 'a.parquet': '12', 'b.parquet': '45' }),
      await keyOf({ 'a.parquet': '123' }),
      await keyOf(files, 1001),
      await keyOf(files, 1000, 2),
    ];
    expect(new Set([key, ...others])).to.have.property('size', 6);
  });

  it('is the same for a folder that is spelled otherwise', async () => {
    await withFolder({ 'data/a.json': '[]' }, async (folder) => {
      const sources = await Promise.all([folder, `${folder}/`, `${folder}/data/..`].map(findSource));
      expect(new Set(sources.map((source) => source && sourceKey(source, 1))).size).to.equal(1);
    });
  });

  it('notices a file that is written again', async () => {
    await withFolder({ 'a.json': '[]' }, async (folder) => {
      const before = await findSource(folder);
      await writeFile(join(folder, 'a.json'), '[1]');
      const after = await findSource(folder);
      expect(before && after && sourceKey(before, 1) === sourceKey(after, 1)).to.equal(false);
    });
  });
});
