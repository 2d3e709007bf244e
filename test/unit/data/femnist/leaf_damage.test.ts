import { expect } from 'chai';
import fc from 'fast-check';
import { join } from 'node:path';
import { readLeaf } from '../../../../src/data/femnist/leaf.js';
import { parsed, smallFile, type LeafFile } from './leaf_files.js';
import { flatRows, refusalOf, withFolder, type FlatRow } from './sources.js';

const refuse = (text: string | Uint8Array) =>
  withFolder({ 'a.json': text }, async (folder) => {
    const path = join(folder, 'a.json');
    const error = await refusalOf(flatRows(readLeaf(path)));
    expect(error).to.deep.include({ code: 'ERR_DATA', details: { path } });
    expect(error.message).to.include(`"${path}"`);
    return error.message;
  });

describe('readLeaf, of a damaged or another file', () => {
  const changes: readonly [string, (file: LeafFile) => unknown, string][] = [
    ['a list', () => [], 'expected {, found "[]", at byte 0'],
    [
      'no users',
      ({ user_data, num_samples }) => ({ user_data, num_samples }),
      'lacks "users", "num_samples" or "user_data"',
    ],
    [
      'no num_samples',
      ({ user_data, users }) => ({ user_data, users }),
      'lacks "users", "num_samples" or "user_data"',
    ],
    [
      'no user_data',
      ({ users, num_samples }) => ({ users, num_samples }),
      'lacks "users", "num_samples" or "user_data"',
    ],
    ['another key', (file) => ({ more: 1, ...file }), 'it has "more" where only'],
    ['users that are numbers', (file) => ({ ...file, users: [1, 2] }), 'expected a text, found "1,2]'],
    ['user_data that is a list', (file) => ({ ...file, user_data: [] }), 'expected {'],
    ['fewer users than data', (file) => ({ ...file, users: ['b'], num_samples: [2] }), 'lists 1 users'],
    [
      'a user without data',
      (file) => ({ ...file, users: ['b', 'a', 'c'], num_samples: [2, 1, 0] }),
      'has data of 2',
    ],
    [
      'another user than has data',
      (file) => ({ ...file, users: ['b', 'c'] }),
      'user "c" should have 1 rows and has 0',
    ],
    ['a user listed twice', (file) => ({ ...file, users: ['b', 'b'] }), 'lists 2 users, 1 of them different'],
    [
      'fewer numbers of samples than users',
      (file) => ({ ...file, num_samples: [2] }),
      'with 1 numbers of samples',
    ],
    [
      'a wrong number of samples',
      (file) => ({ ...file, num_samples: [2, 2] }),
      'user "a" should have 2 rows and has 1',
    ],
    [
      'more labels than pictures',
      (file) => (file.user_data.a.y.push(1), file),
      'user "a" has 1 pictures and 2 labels',
    ],
    [
      'fewer labels than pictures',
      (file) => (file.user_data.b.y.pop(), file),
      'user "b" has 2 pictures and 1 labels',
    ],
    ['no labels', (file) => ({ ...file, user_data: { a: { x: [] } } }), 'user "a" has no "y"'],
    ['no pictures', (file) => ({ ...file, user_data: { a: { y: [] } } }), 'user "a" has no "x"'],
    ['more in a user', (file) => ({ ...file, user_data: { a: { z: [] } } }), 'user "a" has "z" where'],
    [
      'a picture of 783 values',
      (file) => (file.user_data.b.x[1].pop(), file),
      'user "b", row 1 has 783 values instead of 784',
    ],
    [
      'a picture of 785 values',
      (file) => (file.user_data.b.x[1].push(1), file),
      'user "b", row 1 has more than 784 values',
    ],
    ['an empty picture', (file) => ((file.user_data.b.x[0] = []), file), 'expected a number, found "],['],
    [
      'a flat list of pixels',
      (file) => ({ ...file, user_data: { a: { x: file.user_data.a.x[0], y: [1] } } }),
      'expected [, found "1,1,1,',
    ],
    [
      'a value above 1',
      (file) => ((file.user_data.b.x[1][9] = 1.0001), file),
      'user "b", row 1 has the value 1.0001, not 0 to 1',
    ],
    [
      'bytes for values',
      (file) => ((file.user_data.a.x[0][0] = 255), file),
      'user "a", row 0 has the value 255, not 0 to 1',
    ],
    [
      'a negative value',
      (file) => ((file.user_data.b.x[0][0] = -0.1), file),
      'user "b", row 0 has the value -0.1, not 0 to 1',
    ],
    [
      'null for a value',
      (file) => ((file.user_data.b.x[0][0] = NaN), file),
      'expected a number, found "null,1',
    ],
    ['label 62', (file) => ((file.user_data.b.y[1] = 62), file), 'user "b", row 1 has label 62, not 0 to 61'],
    ['label -1', (file) => ((file.user_data.b.y[0] = -1), file), 'user "b", row 0 has label -1, not 0 to 61'],
    [
      'label 1.5',
      (file) => ((file.user_data.a.y[0] = 1.5), file),
      'user "a", row 0 has label 1.5, not 0 to 61',
    ],
  ];
  for (const [what, change, why] of changes) {
    it(`refuses ${what}, naming the file and the place`, async () => {
      expect(await refuse(JSON.stringify(change(smallFile())))).to.include(why);
    });
  }

  it('refuses NaN, which Python writes, a user twice, a key twice, and more after the end', async () => {
    const text = JSON.stringify(smallFile());
    expect(await refuse(text.replace('[0,1,', '[NaN,1,'))).to.include(
      'expected a number, found "NaN,1,1,1,1,", at byte 63',
    );
    expect(await refuse(text.replace('"a":', '"b":'))).to.include('it has user "b" twice');
    expect(await refuse(text.replace('{', '{"users":[],'))).to.include('it has "users" where only one');
    expect(await refuse(text.replace('"y":[10]', '"y":[10],"y":[10]'))).to.include(
      'user "a" has "y" where only one',
    );
    expect(await refuse(`${text}{}`)).to.include('expected the end of the file');
  });

  it('refuses an empty file, another kind of file, and a file cut off at any byte', async () => {
    expect(await refuse('')).to.include('expected {, found the end of the file, at byte 0');
    expect(await refuse('version https://git-lfs.github.com/spec/v1')).to.include(
      'expected {, found "version http"',
    );
    const text = JSON.stringify(smallFile());
    for (let length = 1; length < text.length; length += length < 60 ? 1 : 97)
      await refuse(text.slice(0, length));
    await refuse(text.slice(0, -1));
  });

  it('takes from any bytes what JSON.parse takes, or refuses them', async () => {
    const whole = Buffer.from(JSON.stringify(smallFile()));
    // Most of a file is pixels: as many changes in the rest.
    const firstPixel = whole.indexOf('[[');
    const anywhere = fc.nat(whole.length - 1);
    const beforePixels = fc.nat(firstPixel + 8);
    const damages = [
      fc.tuple(fc.oneof(anywhere, beforePixels), fc.nat(255)),
      fc.tuple(anywhere, fc.constantFrom(...Buffer.from('0123456789.,-[]{}":eE ab'))),
      fc.tuple(anywhere, fc.constantFrom(...Buffer.from('01'))),
    ].map((damage) =>
      fc
        .array(damage, { minLength: 1, maxLength: 3 })
        .map((changes) => changes.reduce<Uint8Array>((file, [at, value]) => file.with(at, value), whole)),
    );
    const anyFile = fc.oneof(fc.uint8Array({ maxLength: 64 }), ...damages);
    let numTaken = 0;
    await fc.assert(
      fc.asyncProperty(anyFile, async (bytes) => {
        await withFolder({ 'a.json': bytes }, async (folder) => {
          let rows: FlatRow[];
          try {
            rows = await flatRows(readLeaf(join(folder, 'a.json')));
          } catch (error) {
            expect(error).to.have.property('code', 'ERR_DATA');
            return;
          }
          expect(rows).to.deep.equal(parsed(Buffer.from(bytes).toString()));
          numTaken++;
        });
      }),
      { numRuns: 500 },
    );
    expect(numTaken).to.be.greaterThan(10);
  });
});
