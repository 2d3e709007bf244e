import { expect } from 'chai';
import { join } from 'node:path';
import { noProgress } from '../../../../src/core/progress.js';
import { datasetNames, loadDataset } from '../../../../src/data/registry.js';
import { smallFile } from './leaf_files.js';
import { cachesIn, fixture, flat, leaf, load, parquet, placed } from './loaded.js';
import { fixtureRows, recordingProgress, withFolder } from './sources.js';

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

  it('holds out a tenth of every writer, and keeps the order of rows', async () => {
    await withFolder(placed({ 'many.parquet': fixture('many.parquet') }), async (folder) => {
      const { train, test } = await load(folder);
      // Row r of 2,500 is by writer r / 50 and has label r % 62 and picture r % 12: a writer's 50 labels tell his rows.
      const pictures = fixtureRows().map(({ picture }) => picture);
      const [trainRows, testRows] = [train, test].map((rows) =>
        flat(rows).map(({ writer = 0, label, picture }) => {
          const row = 50 * writer + ((label - ((50 * writer) % 62) + 62) % 62);
          expect(picture).to.equal(pictures[row % 12]);
          return row;
        }),
      );
      expect(trainRows).to.deep.equal(trainRows.toSorted((a, b) => a - b));
      expect(testRows).to.deep.equal(testRows.toSorted((a, b) => a - b));
      expect(testRows.map((row) => Math.floor(row / 250))).to.deep.equal(
        Array.from({ length: 250 }, (_, at) => Math.floor(at / 25)),
      );
      expect(new Set([...trainRows, ...testRows]).size).to.equal(2500);
    });
  });

  it("takes LEAF's word that 0 is ink, also in a file that is black at the edges", async () => {
    const file = smallFile();
    for (const { x } of Object.values(file.user_data)) for (const picture of x) picture.fill(0, 1);
    await withFolder(placed({ 'a.json': JSON.stringify(file) }), async (folder) => {
      const { train } = await load(folder);
      expect(flat(train).map(({ picture }) => picture.slice(2))).to.deep.equal(
        Array(2).fill('00'.repeat(783)),
      );
    });
  });

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
