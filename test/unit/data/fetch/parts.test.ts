import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { leavePart, newPart, removeAbandonedParts, takePart } from '../../../../src/data/fetch/parts.js';
import { withDataFolder } from '../idx_files.js';

const NAME = 'set.bin';
const { pid: deadPid } = spawnSync(process.execPath, ['--version']);
const ofDead = `${NAME}.${hostname()}-${deadPid}-0123abcd.part`;
const ofLiving = `${NAME}.${hostname()}-${process.ppid}-0123abcd.part`;
const ofOtherHost = `${NAME}.other-host.lan-${deadPid}-0123abcd.part`;
const anHourAgo = Date.now() / 1000 - 3601;

/** Runs with these parts, whose contents are their names. */
function withParts(
  names: readonly string[],
  run: (path: string, folder: string) => Promise<void>,
): Promise<void> {
  const files = Object.fromEntries(names.map((name) => [name, Buffer.from(name)]));
  return withDataFolder(files, (folder) => run(join(folder, NAME), folder));
}

describe('takePart', () => {
  it('gives a new name, another one each time, that says who has it', () =>
    withParts([], async (path) => {
      const [first, second] = [await takePart(path), await takePart(path)];
      expect(first).to.not.equal(second);
      expect(first.startsWith(`${path}.${hostname()}-${process.pid}-`)).to.equal(true);
      expect(first.endsWith('.part')).to.equal(true);
    }));

  for (const [what, name] of [
    ['a part that was left', `${NAME}.part`],
    ['a part of a process that was killed', ofDead],
  ]) {
    it(`takes over ${what}`, () =>
      withParts([name], async (path, folder) => {
        const mine = await takePart(path);
        expect(await readFile(mine, 'utf8')).to.equal(name);
        expect(await readdir(folder)).to.deep.equal([basename(mine)]);
      }));
  }

  it('takes over a part of another host only when nobody wrote to it for an hour', () =>
    withParts([ofOtherHost], async (path, folder) => {
      await takePart(path);
      expect(await readdir(folder)).to.deep.equal([ofOtherHost]);
      await utimes(join(folder, ofOtherHost), anHourAgo, anHourAgo);
      expect(await readFile(await takePart(path), 'utf8')).to.equal(ofOtherHost);
    }));

  it('leaves what others work on, and what is no part of this file', () => {
    const names = [
      newPart(NAME),
      ofLiving,
      'set.bin2.part',
      'other.set.bin.part',
      'set.bin.gz.part',
      'set.bin.parts',
      'set.bin',
    ];
    return withParts(names, async (path, folder) => {
      await takePart(path);
      expect((await readdir(folder)).toSorted()).to.deep.equal(names.toSorted());
    });
  });

  it('gives one part to one taker, of however many', () =>
    withParts([ofDead], async (path) => {
      const taken = await Promise.all(Array.from({ length: 8 }, () => takePart(path)));
      const contents = await Promise.allSettled(taken.map((part) => readFile(part)));
      expect(contents.filter(({ status }) => status === 'fulfilled')).to.have.lengthOf(1);
    }));
});

describe('leavePart', () => {
  it('leaves a part where the next run finds it', () =>
    withParts([], async (path, folder) => {
      const mine = await takePart(path);
      await writeFile(mine, 'half');
      await leavePart(mine, path);
      expect(await readdir(folder)).to.deep.equal([`${NAME}.part`]);
      expect(await readFile(await takePart(path), 'utf8')).to.equal('half');
    }));

  it('removes an empty one, and takes it well where there is none', () =>
    withParts([], async (path, folder) => {
      const mine = await takePart(path);
      await leavePart(mine, path);
      await writeFile(mine, '');
      await leavePart(mine, path);
      expect(await readdir(folder)).to.deep.equal([]);
    }));
});

describe('removeAbandonedParts', () => {
  it('removes files and folders that nobody works on, and nothing else', () =>
    withParts([ofLiving, `${NAME}.part`, NAME], async (path, folder) => {
      await mkdir(join(folder, ofDead));
      await writeFile(join(folder, ofDead, 'inside'), '');
      await removeAbandonedParts(path);
      expect((await readdir(folder)).toSorted()).to.deep.equal([NAME, ofLiving].toSorted());
    }));
});
