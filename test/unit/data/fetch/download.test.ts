import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../../../../src/core/errors.js';
import { download } from '../../../../src/data/fetch/download.js';
import {
  NAME,
  atOnce,
  cutOnce,
  cutWhereDue,
  expectWhole,
  failureOf,
  file,
  whole,
  withPlace,
} from '../../../support/download_place.js';
import { watchedProgress } from '../../../support/source_files.js';

describe('download', () => {
  it('fetches a file, and nothing else is left', () =>
    withPlace(whole, async (place) => {
      await place.fetch();
      await expectWhole(place);
      expect(place.requests).to.deep.equal([`/${NAME}`]);
      expect(place.headers[0]).to.include({ 'accept-encoding': 'identity' });
    }));

  it('makes the folder, and the folders above it', () =>
    withPlace(whole, async ({ folder, address }) => {
      const path = join(folder, 'new', 'set', NAME);
      await download({ ...file, address: `${address}/${NAME}` }, path, atOnce);
      expect(existsSync(path)).to.equal(true);
    }));

  it('tells its progress in bytes', () =>
    withPlace(cutOnce(100_000), async (place) => {
      const progress = watchedProgress(cutWhereDue);
      await place.fetch({ progress });
      expect(progress.works).to.deep.equal([
        { what: 'Fetching set.bin', total: 300_000, done: 100_000, isEnded: true },
        { what: 'Fetching set.bin from byte 100000 on', total: 300_000, done: 300_000, isEnded: true },
      ]);
    }));

  describe('a disk', () => {
    it('that is full: says how much is needed and where, and leaves nothing', function () {
      if (!existsSync('/dev/full')) {
        console.log('      skipped: this system has no /dev/full');
        this.skip();
      }
      return withPlace(whole, async (place) => {
        await symlink('/dev/full', `${place.path}.part`);
        const error = await failureOf(place.fetch());
        expect(error).to.be.instanceOf(StorageError).and.include({ code: 'ERR_DISK_FULL' });
        expect(error.message)
          .to.include(`Cannot write "${place.path}"`)
          .and.include('ENOSPC')
          .and.include('0.3 MB')
          .and.include('`datasets_dir`');
        expect(await readdir(place.folder)).to.deep.equal([]);
        await place.fetch();
        await expectWhole(place);
      });
    });

    it('on which a file is in the place of the folder: says so', () =>
      withPlace(whole, async ({ folder, address }) => {
        await writeFile(join(folder, 'taken'), '');
        const error = await failureOf(download({ ...file, address }, join(folder, 'taken', NAME), atOnce));
        expect(error).to.be.instanceOf(StorageError).and.include({ code: 'ERR_WRITE' });
      }));
  });

  it('twice at once gives one whole file', () =>
    withPlace(cutOnce(100_000), async (place) => {
      await Promise.all([place.fetch(), place.fetch(), place.fetch()]);
      await expectWhole(place);
    }));
});
