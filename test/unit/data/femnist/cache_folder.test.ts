import { expect } from 'chai';
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, removeStale } from '../../../../src/data/femnist/cache_folder.js';
import { withFolder } from './sources.js';

const write = (content: string) => async (folder: string) => {
  await writeFile(join(folder, 'file'), content);
  return content.length;
};
const isGood = async (folder: string) => (await readFile(join(folder, 'file'), 'utf8')) === 'good';
const contentOf = (folder: string) => readFile(join(folder, 'place', 'file'), 'utf8');
const broken = () => Promise.reject(new Error('no'));

describe('makeFolder', () => {
  it('makes the folder, with those above it, and returns what was returned', async () => {
    await withFolder({}, async (folder) => {
      expect(await makeFolder(join(folder, 'deep', 'place'), write('good'), isGood)).to.equal(4);
      expect(await readdir(join(folder, 'deep'))).to.deep.equal(['place']);
      expect(await contentOf(join(folder, 'deep'))).to.equal('good');
    });
  });

  it('shows nothing in the place before everything is written, and leaves nothing where that fails', async () => {
    await withFolder({}, async (folder) => {
      const failing = async (temporary: string) => {
        await write('half')(temporary);
        expect(await readdir(folder)).to.not.include('place');
        return broken();
      };
      const error: unknown = await makeFolder(join(folder, 'place'), failing, isGood).catch(
        (reason: unknown) => reason,
      );
      expect(error).to.have.property('message', 'no');
      expect(await readdir(folder)).to.deep.equal([]);
    });
  });

  it('keeps a good folder that another process put there first', async () => {
    await withFolder({}, async (folder) => {
      const place = join(folder, 'place');
      const slow = async (temporary: string) => {
        await makeFolder(place, write('good'), isGood);
        return write('late')(temporary);
      };
      await makeFolder(place, slow, isGood);
      expect(await contentOf(folder)).to.equal('good');
      expect(await readdir(folder)).to.deep.equal(['place']);
    });
  });

  it('replaces what is there and not good, be it a folder or a file', async () => {
    await withFolder({ 'place/file': 'bad', 'place/more/file': 'bad' }, async (folder) => {
      await makeFolder(join(folder, 'place'), write('good'), isGood);
      expect(await contentOf(folder)).to.equal('good');
      expect(await readdir(join(folder, 'place'))).to.deep.equal(['file']);
      await rm(join(folder, 'place'), { recursive: true });
      await writeFile(join(folder, 'place'), 'a file');
      await makeFolder(join(folder, 'place'), write('good'), () => Promise.resolve(false));
      expect(await contentOf(folder)).to.equal('good');
      expect(await readdir(folder)).to.deep.equal(['place']);
    });
  });

  it('puts its own in place where the other disappears meanwhile', async () => {
    await withFolder({ 'place/file': 'bad' }, async (folder) => {
      const place = join(folder, 'place');
      await makeFolder(place, write('good'), async () => {
        await rm(place, { recursive: true });
        return false;
      });
      expect(await contentOf(folder)).to.equal('good');
    });
  });

  it('tells why nothing can be put there', async () => {
    await withFolder({ file: 'x' }, async (folder) => {
      const error: unknown = await makeFolder(join(folder, 'file', 'place'), write('good'), isGood).catch(
        (reason: unknown) => reason,
      );
      expect(error).to.have.property('code', 'EEXIST');
    });
  });
});

describe('removeStale', () => {
  it('removes what killed builds left, but no living build, no cache and nothing of others', async () => {
    await withFolder({}, async (folder) => {
      const hour = 3600;
      const nowSeconds = 1_700_000_000;
      // name, age of the folder, age of the file in it
      const folders: readonly [string, number, number][] = [
        ['femnist-1.aaaa.tmp', hour, hour],
        ['femnist-1.bbbb.tmp', hour, 1],
        ['femnist-1.cccc.tmp', 1, hour],
        ['femnist-1', hour, hour],
        ['other-1.aaaa.tmp', hour, hour],
      ];
      for (const [name, age, fileAge] of folders) {
        await mkdir(join(folder, name));
        await writeFile(join(folder, name, 'file'), 'x');
        await utimes(join(folder, name, 'file'), nowSeconds - fileAge, nowSeconds - fileAge);
        await utimes(join(folder, name), nowSeconds - age, nowSeconds - age);
      }
      await removeStale(folder, 'femnist-', 1000 * nowSeconds);
      expect((await readdir(folder)).sort()).to.deep.equal([
        'femnist-1',
        'femnist-1.bbbb.tmp',
        'femnist-1.cccc.tmp',
        'other-1.aaaa.tmp',
      ]);
    });
  });

  it('does nothing where there is no folder yet', async () => {
    await removeStale('/nowhere/at/all', 'femnist-', Date.now());
  });
});
