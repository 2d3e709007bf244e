import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { hashing, sha256OfFile } from '../../../../src/data/fetch/sha256.js';
import { sampleBytes } from '../../../support/source_files.js';
import { withDataFolder } from '../idx_files.js';

// FIPS 180-2, appendix B.1: the message "abc".
const SHA256_OF_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

describe('sha256OfFile', () => {
  it('is that of the standard, also of a file of many pieces', () =>
    withDataFolder({ abc: Buffer.from('abc'), long: sampleBytes(200_000) }, async (folder) => {
      expect(await sha256OfFile(join(folder, 'abc'))).to.equal(SHA256_OF_ABC);
      const expected = createHash('sha256').update(sampleBytes(200_000)).digest('hex');
      expect(await sha256OfFile(join(folder, 'long'))).to.equal(expected);
    }));
});

describe('hashing', () => {
  it('passes every piece on, and tells the hash of it', async () => {
    async function* pieces() {
      yield Buffer.from('a');
      yield Promise.resolve(Buffer.from('bc'));
    }
    const hash = createHash('sha256');
    const passed: Uint8Array[] = [];
    for await (const piece of hashing(pieces(), hash)) passed.push(piece);
    expect(Buffer.concat(passed).toString()).to.equal('abc');
    expect(hash.digest('hex')).to.equal(SHA256_OF_ABC);
  });
});
