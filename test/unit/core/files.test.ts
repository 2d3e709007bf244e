import { expect } from 'chai';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError, StorageError } from '../../../src/core/errors.js';
import { makeFolder, readRequiredFile, writeFileAtomic } from '../../../src/core/files.js';

describe('writeFileAtomic', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'files-test-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('writes text and bytes, and nothing beside them', async () => {
    await writeFileAtomic(join(folder, 'text'), 'line\n');
    await writeFileAtomic(join(folder, 'bytes'), Uint8Array.of(0, 255, 7));
    expect(await readFile(join(folder, 'text'), 'utf8')).to.equal('line\n');
    expect([...(await readFile(join(folder, 'bytes')))]).to.deep.equal([0, 255, 7]);
    expect((await readdir(folder)).sort()).to.deep.equal(['bytes', 'text']);
  });

  it('makes the folders on the way', async () => {
    await writeFileAtomic(join(folder, 'a', 'b', 'file'), 'deep');
    expect(await readFile(join(folder, 'a', 'b', 'file'), 'utf8')).to.equal('deep');
  });

  it('replaces a longer file whole', async () => {
    const path = join(folder, 'file');
    await writeFileAtomic(path, 'x'.repeat(10_000));
    await writeFileAtomic(path, 'short');
    expect(await readFile(path, 'utf8')).to.equal('short');
  });

  it('leaves one whole file when several write at once', async () => {
    const path = join(folder, 'file');
    const texts = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(100_000));
    await Promise.all(texts.map((text) => writeFileAtomic(path, text)));
    expect(texts).to.include(await readFile(path, 'utf8'));
    expect(await readdir(folder)).to.deep.equal(['file']);
  });

  it('fails with the path and the cause, and leaves nothing behind, where the target is a folder', async () => {
    const path = join(folder, 'taken');
    await mkdir(path);
    await writeFile(join(path, 'inside'), 'kept');
    const error = await failureOf(writeFileAtomic(path, 'text'));
    expect(error).to.be.instanceOf(StorageError);
    expect(error).to.deep.include({ code: 'ERR_WRITE', details: { path } });
    expect(error.message).to.include(`"${path}"`).and.to.include('EISDIR').and.to.include('`output_dir`');
    expect(error.cause).to.have.property('code', 'EISDIR');
    expect(await readdir(folder)).to.deep.equal(['taken']);
    expect(await readFile(join(path, 'inside'), 'utf8')).to.equal('kept');
  });

  it('fails the same way where a folder on the way is a file', async () => {
    await writeFile(join(folder, 'file'), 'kept');
    const path = join(folder, 'file', 'below');
    const error = await failureOf(writeFileAtomic(path, 'text'));
    expect(error).to.be.instanceOf(StorageError);
    expect(error).to.deep.include({ code: 'ERR_WRITE', details: { path } });
    expect(await readFile(join(folder, 'file'), 'utf8')).to.equal('kept');
  });
});

describe('makeFolder', () => {
  it('makes a folder and those above it, and is content with one that is there', async () => {
    const base = await mkdtemp(join(tmpdir(), 'folders-'));
    try {
      await Promise.all([makeFolder(join(base, 'a', 'b', 'c')), makeFolder(join(base, 'a', 'b', 'd'))]);
      await makeFolder(join(base, 'a', 'b', 'c'));
      expect((await readdir(join(base, 'a', 'b'))).sort()).to.deep.equal(['c', 'd']);
      await writeFile(join(base, 'file'), '');
      expect(await failureOf(makeFolder(join(base, 'file')))).to.have.property('code', 'EEXIST');
      expect(await failureOf(makeFolder(join(base, 'file', 'x')))).to.have.property('code', 'ENOTDIR');
    } finally {
      await rm(base, { recursive: true });
    }
  });

  it('fails where no folder can be made, and does not try for ever', async function () {
    if (process.platform !== 'linux') this.skip(); // there is no /proc
    expect(await failureOf(makeFolder('/proc/no-such/folder'))).to.have.property('code', 'ENOENT');
  });
});

describe('readRequiredFile', () => {
  it('gives the bytes of this file', async () => {
    const text = new TextDecoder().decode(await readRequiredFile(fileURLToPath(import.meta.url), 'a test'));
    expect(text).to.include("describe('readRequiredFile'");
  });

  it('fails with the path, the cause and what the file should have been', async () => {
    const path = join(tmpdir(), 'no-such-folder', 'file');
    const error = await failureOf(readRequiredFile(path, 'the result of `make data`'));
    expect(error).to.be.instanceOf(DataError);
    expect(error).to.deep.include({ code: 'ERR_READ', details: { path } });
    expect(error.message).to.include(`"${path}"`).and.to.include('ENOENT').and.to.include('`make data`');
    expect(error.cause).to.have.property('code', 'ENOENT');
  });
});

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const outcome: unknown = await promise.catch((error: unknown) => error);
  expect(outcome).to.be.instanceOf(Error);
  return outcome as Error;
}
