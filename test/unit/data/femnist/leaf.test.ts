import { expect } from 'chai';
import { join } from 'node:path';
import { readLeaf } from '../../../../src/data/femnist/leaf.js';
import { readFixture } from '../../../support/fixtures.js';
import { parsed, smallFile } from './leaf_files.js';
import { fixtureRows, flatRows, withFolder } from './sources.js';

const read = (text: string | Uint8Array) =>
  withFolder({ 'a.json': text }, (folder) => flatRows(readLeaf(join(folder, 'a.json'))));
describe('readLeaf', () => {
  it('reads the rows that were written, user by user', async () => {
    const own = fixtureRows();
    for (const [split, users] of [
      ['train', ['f0002_10', 'f0001_41', 'f0000_14', 'f0003_07']],
      ['test', ['f0003_07', 'f0000_14', 'f0002_10']],
    ] as const) {
      const expected = users.flatMap((user) =>
        own.filter(({ writer, isTest }) => writer === user && isTest === (split === 'test')),
      );
      const rows = await read(readFixture(`femnist/leaf_${split}.json`));
      expect(rows).to.deep.equal(expected.map(({ writer, label, picture }) => ({ writer, label, picture })));
    }
  });

  it('gives one block a user, and counts the bytes read for it', async () => {
    const text = readFixture('femnist/leaf_train.json');
    await withFolder({ 'a.json': text }, (folder) => {
      const blocks = [...readLeaf(join(folder, 'a.json'))];
      expect(blocks.map(({ labels }) => labels.length)).to.deep.equal([3, 1, 4, 1]);
      const numBytes = blocks.reduce((sum, block) => sum + block.numBytes, 0);
      expect(numBytes).to.equal(text.length - 2); // all but the closing braces
      return Promise.resolve();
    });
  });

  it('reads a file of any layout, longer than what is in memory, whatever the order of keys', async () => {
    const { user_data: data } = smallFile();
    const users = Array.from({ length: 150 }, (_, user) => `u${user}`);
    const file = {
      user_data: Object.fromEntries(
        users.map((user, at) => [user, at % 2 ? { y: data.b.y, x: data.b.x } : data.a]),
      ),
      num_samples: users.map((_, at) => (at % 2 ? 2 : 1)),
      users,
    };
    for (const indent of [0, 1, 3]) {
      const text = JSON.stringify(file, undefined, indent);
      expect(text.length).to.be.greaterThan(1 << 18);
      expect(await read(text)).to.deep.equal(parsed(text));
    }
  });

  it('reads a user of many rows', async () => {
    const file = smallFile();
    const [picture] = file.user_data.a.x;
    const inks = Array.from({ length: 200 }, (_, row) => row / 255);
    file.user_data.a = {
      x: inks.map((ink) => [ink, ...picture.slice(1)]),
      y: inks.map((_, row) => row % 62),
    };
    file.num_samples = [2, 200];
    const text = JSON.stringify(file);
    const rows = await read(text);
    expect(rows).to.deep.equal(parsed(text));
    expect(rows[201].picture.slice(0, 2)).to.equal('c7'); // 199
  });

  it('takes a user without rows, and a file without users', async () => {
    const file = smallFile();
    file.user_data.a = { x: [], y: [] };
    file.num_samples = [2, 0];
    expect(await read(JSON.stringify(file))).to.have.lengthOf(2);
    expect(await read('{"users": [], "num_samples": [], "user_data": {}}')).to.deep.equal([]);
  });

  it('rounds to the nearest byte', async () => {
    const file = smallFile();
    // 255 x: 0.498 -> 0, 0.502 -> 1, 254.49 -> 254, 254.52 -> 255
    file.user_data.a.x[0].splice(0, 4, 0.00195, 0.00197, 0.998, 0.9981);
    const [, , row] = await read(JSON.stringify(file));
    expect(row.picture.slice(0, 8)).to.equal('0001feff');
  });
});
