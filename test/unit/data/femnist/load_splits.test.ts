import { expect } from 'chai';
import { execFile } from 'node:child_process';
import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rm,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../../../../src/data/dataset.js';
import { cachesIn, fixture, flat, load, parquet, placed } from './loaded.js';
import { recordingProgress, withFolder } from './sources.js';

describe('loadSplits, by way of loadFemnist', () => {
  /** Runs with a folder of data sets whose cache is there. */
  async function withCache(
    run: (folder: string, cache: string, rows: string) => Promise<void>,
  ): Promise<void> {
    await withFolder(placed(parquet), async (folder) => {
      const { train, test } = await load(folder);
      const [name] = await cachesIn(folder);
      await run(folder, join(folder, 'cache', name), JSON.stringify([flat(train), flat(test)]));
    });
  }
  const rowsOf = ({ train, test }: Dataset) => JSON.stringify([flat(train), flat(test)]);

  it('reads only the cache: the same rows, whatever is in the source by then', async () => {
    await withCache(async (folder, cache, rows) => {
      const [path] = Object.keys(placed(parquet));
      const seconds = 1_600_000_000;
      await utimes(join(folder, path), seconds, seconds);
      await load(folder); // the cache of this time
      await writeFile(join(folder, path), new Uint8Array(fixture('hf.parquet').length));
      await utimes(join(folder, path), seconds, seconds);
      const { progress, tasks } = recordingProgress();
      expect(rowsOf(await load(folder, progress))).to.equal(rows);
      expect(tasks).to.deep.equal([]);
      expect(await cachesIn(folder)).to.have.lengthOf(2);
      expect(await readdir(cache)).to.have.lengthOf(7);
    });
  });

  const damages: readonly [string, (cache: string) => Promise<unknown>, string][] = [
    ['has a byte changed', (cache) => flip(join(cache, 'train_pictures.bin')), 'SHA-256'],
    ['has a label changed', (cache) => flip(join(cache, 'test_labels.bin')), 'SHA-256'],
    [
      'has a file cut off',
      (cache) => truncate(join(cache, 'train_writers.bin'), 8),
      'has 8 bytes instead of 36',
    ],
    [
      'has a file too long',
      (cache) => appendFile(join(cache, 'train_labels.bin'), 'x'),
      'has 10 bytes instead of 9',
    ],
    ['lacks a file', (cache) => rm(join(cache, 'test_writers.bin')), 'ENOENT'],
    ['lacks its manifest', (cache) => rm(join(cache, 'manifest.json')), 'ENOENT'],
    ['has an empty manifest', (cache) => writeFile(join(cache, 'manifest.json'), ''), 'JSON'],
    [
      'has another manifest',
      (cache) => writeFile(join(cache, 'manifest.json'), '{"train":{"numRows":-1}}'),
      'manifest',
    ],
    ['has no sums', (cache) => writeFile(join(cache, 'manifest.json'), '{"train":{"numRows":9}}'), 'damaged'],
    ['is empty', (cache) => rm(cache, { recursive: true }).then(() => mkdir(cache)), 'ENOENT'],
    ['is a file', (cache) => rm(cache, { recursive: true }).then(() => writeFile(cache, 'x')), 'ENOTDIR'],
  ];
  for (const [what, damage, why] of damages) {
    it(`builds a cache again that ${what}, and says so`, async () => {
      await withCache(async (folder, cache, rows) => {
        await damage(cache);
        const { progress, tasks } = recordingProgress();
        expect(rowsOf(await load(folder, progress))).to.equal(rows);
        expect(tasks[0].what).to.include(`The cache "${cache}" is damaged`).and.include(why);
        const again = recordingProgress();
        expect(rowsOf(await load(folder, again.progress))).to.equal(rows);
        expect(again.tasks).to.deep.equal([]);
        expect(await readdir(join(folder, 'cache'))).to.have.lengthOf(1);
      });
    });
  }

  it('builds another for another source', async () => {
    await withCache(async (folder) => {
      await copyFile(
        join(folder, Object.keys(placed(parquet))[0]),
        join(folder, 'femnist', 'data', 'more.parquet'),
      );
      const { train, test } = await load(folder);
      expect(train.numRows + test.numRows).to.equal(24);
      expect(await cachesIn(folder)).to.have.lengthOf(2);
    });
  });

  it('is built by two at once without harm', async () => {
    await withFolder(placed(parquet), async (folder) => {
      const [one, two, three] = await Promise.all([load(folder), load(folder), load(folder)]);
      expect(new Set([one, two, three].map(rowsOf)).size).to.equal(1);
      expect(await cachesIn(folder)).to.have.lengthOf(1);
      const { progress, tasks } = recordingProgress();
      expect(rowsOf(await load(folder, progress))).to.equal(rowsOf(one));
      expect(tasks).to.deep.equal([]);
    });
  });

  it('takes nothing from a build that was killed, and removes later what that left', async () => {
    await withFolder(placed(parquet), async (folder) => {
      const module = new URL('../../../../src/data/femnist/femnist.js', import.meta.url).href;
      // Dies when all pictures are in the spool and the first files are about to be written.
      const killed = `
        import { loadFemnist } from ${JSON.stringify(module)};
        const begin = (what) => {
          if (what.startsWith('Sorting')) process.kill(process.pid, 'SIGKILL');
          return { advance() {}, end() {} };
        };
        await loadFemnist({ dataDir: '', datasetsDir: ${JSON.stringify(folder)}, mirror: '', progress: { begin } });`;
      const signal = await new Promise((resolve) => {
        execFile(process.execPath, ['--input-type=module', '-e', killed], (error) => {
          resolve(error?.signal);
        });
      });
      expect(signal).to.equal('SIGKILL');
      const [left, ...more] = await cachesIn(folder);
      expect(more).to.deep.equal([]);
      expect(left).to.match(/^femnist-.*\.tmp$/);

      const { train } = await load(folder);
      expect(train.numRows).to.equal(9);
      expect(await cachesIn(folder)).to.include(left); // it might be alive

      for (const name of ['', ...(await readdir(join(folder, 'cache', left)))])
        await utimes(join(folder, 'cache', left, name), 1_600_000_000, 1_600_000_000);
      await load(folder);
      expect(await cachesIn(folder))
        .to.have.lengthOf(1)
        .and.not.include(left);
    });
  });
});

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length - 1] ^= 1;
  await writeFile(path, bytes);
}
