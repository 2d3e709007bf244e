import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, messageOf } from '../../core/errors.js';
import type { Rows } from '../dataset.js';
import { PIXELS } from './rows.js';

/** Version of what is in a cache; it is part of the folder's name, so that none of another version is ever read. */
export const CACHE_VERSION = 1;
export const MANIFEST = 'manifest.json';

export type SplitName = 'train' | 'test';
export type Splits = Readonly<Record<SplitName, Rows>>;

/** Bytes of one row in each file of a split; writers are little-endian uint32. */
const bytesPerRow = { pictures: PIXELS, labels: 1, writers: 4 } as const;
export type Part = keyof typeof bytesPerRow;

/** What the manifest says of a split. */
export interface SplitFacts {
  readonly numRows: number;
  readonly sha256: Readonly<Record<Part, string>>;
}
/** Written last: a cache without a manifest is none. */
export type Manifest = Readonly<Record<SplitName, SplitFacts>>;

const PIECE_BYTES = 1 << 22;

/** Name of the file with this part of a split. */
export function partFile(split: SplitName, part: Part): string {
  return `${split}_${part}.bin`;
}

/** Reads a cache into memory that threads share. Throws DataError where its sizes or SHA-256 are not those of its manifest. */
export async function readCache(folder: string): Promise<Splits> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as Partial<Manifest> | null;
    return {
      train: await readSplit(folder, 'train', manifest?.train),
      test: await readSplit(folder, 'test', manifest?.test),
    };
  } catch (error) {
    throw new DataError(
      'ERR_CACHE',
      `The cache "${folder}" is damaged: ${messageOf(error)}. It can be deleted and is built again from the source.`,
      { path: folder },
      { cause: error },
    );
  }
}

async function readSplit(folder: string, split: SplitName, facts?: Partial<SplitFacts>): Promise<Rows> {
  const { numRows = 0, sha256 } = facts ?? {};
  if (!sha256 || !Number.isSafeInteger(numRows) || numRows <= 0)
    throw new Error(`its manifest does not say what is in the ${split} split`);
  const read = (part: Part) =>
    readPart(join(folder, partFile(split, part)), numRows * bytesPerRow[part], sha256[part]);
  return {
    numRows,
    pictures: await read('pictures'),
    labels: await read('labels'),
    writers: new Uint32Array((await read('writers')).buffer),
  };
}

async function readPart(
  path: string,
  numBytes: number,
  sha256: string,
): Promise<Uint8Array<SharedArrayBuffer>> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size !== numBytes) throw new Error(`"${path}" has ${size} bytes instead of ${numBytes}`);
    const bytes = new Uint8Array(new SharedArrayBuffer(numBytes));
    const hash = createHash('sha256');
    for (let done = 0; done < numBytes;) {
      const { bytesRead } = await file.read(bytes, done, Math.min(PIECE_BYTES, numBytes - done), done);
      if (bytesRead === 0) throw new Error(`"${path}" became shorter while it was read`);
      hash.update(bytes.subarray(done, done + bytesRead));
      done += bytesRead;
    }
    if (hash.digest('hex') !== sha256)
      throw new Error(`the SHA-256 of "${path}" is not the one in its manifest`);
    return bytes;
  } finally {
    await file.close();
  }
}
