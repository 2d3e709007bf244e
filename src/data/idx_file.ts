import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { gunzip } from './fetch/gunzip.js';
import { hashing } from './fetch/sha256.js';
import { decodeIdx, notIdx, type ExpectedIdx, type IdxArray } from './idx.js';

/** What an IDX file holds. */
export interface IdxFile extends IdxArray {
  /** Of the contents, unpacked where they were gzipped; in hex. */
  readonly sha256: string;
}

/** Reads an IDX file, gzipped or not. Throws DataError that names the file, or what opening and reading it threw. */
export async function readIdxFile(expected: ExpectedIdx): Promise<IdxFile> {
  const { path } = expected;
  const hash = createHash('sha256');
  const decode = (bytes: AsyncIterable<unknown>) => decodeIdx(hashing(bytes, hash), expected);
  const array = (await isGzip(path))
    ? await decodeGzip(expected, decode)
    : await decode(createReadStream(path));
  return { ...array, sha256: hash.digest('hex') };
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

async function decodeGzip(
  expected: ExpectedIdx,
  decode: (bytes: AsyncIterable<unknown>) => Promise<IdxArray>,
): Promise<IdxArray> {
  const { path } = expected;
  const { size } = await stat(path);
  const unpacked = gunzip(createReadStream(path));
  try {
    const array = await decode(unpacked);
    if (unpacked.bytesWritten < size) throw notIdx(expected, 'bytes follow behind the end of what is packed');
    return array;
  } catch (error) {
    const isDamaged = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
    throw isDamaged ? notIdx(expected, `it cannot be unpacked (${error.message})`, error) : error;
  }
}
