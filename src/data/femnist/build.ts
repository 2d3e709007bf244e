import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, StorageError } from '../../core/errors.js';
import type { Progress, ProgressTask } from '../../core/progress.js';
import { MANIFEST, partFile, type Manifest, type Part, type SplitFacts, type SplitName } from './cache.js';
import { collectRows } from './collect.js';
import { PIXELS } from './rows.js';
import type { Source } from './source.js';
import { splitByWriter } from './split.js';

const ROWS_PER_PIECE = 1024;

/**
 * Writes a cache of the source into an empty folder, holding no more pictures than one user or row group has: they go to a file in
 * the order of the source first, and from there to each split's in the order of writers. Throws DataError where the source is bad.
 */
export async function buildCache(source: Source, folder: string, progress: Progress): Promise<void> {
  const spoolPath = join(folder, 'spool.bin');
  const spool = await open(spoolPath, 'wx+');
  try {
    const rows = await collectRows(source, spool, progress);
    const order = splitByWriter(rows);
    const task = progress.begin('Sorting femnist by writer', rows.labels.length, 'rows');
    const writeSplit = async (split: SplitName): Promise<SplitFacts> => {
      const numbers = order[split];
      if (numbers.length === 0) throw emptySplit(source.folder, split);
      const write = (part: Part, pieces: Iterable<Uint8Array>) =>
        writeHashed(join(folder, partFile(split, part)), pieces);
      const writers = numbers.map((row) => order.rankOf[rows.writers[row]]);
      const sha256 = {
        pictures: await write('pictures', picturesOf(numbers, rows.isInverted, spool, task)),
        labels: await write('labels', [Uint8Array.from(numbers, (row) => rows.labels[row])]),
        writers: await write('writers', [new Uint8Array(writers.buffer)]),
      };
      return { numRows: numbers.length, sha256 };
    };
    try {
      const manifest: Manifest = { train: await writeSplit('train'), test: await writeSplit('test') };
      await writeHashed(join(folder, MANIFEST), [Buffer.from(JSON.stringify(manifest, undefined, 2))]);
    } finally {
      task.end();
    }
  } finally {
    await spool.close();
  }
  await rm(spoolPath);
}

/** The pictures of these rows with dark ink on white paper, some at a time, in one buffer. */
function* picturesOf(
  numbers: Uint32Array,
  isInverted: Uint8Array,
  spool: FileHandle,
  task: ProgressTask,
): Generator<Uint8Array> {
  const buffer = new Uint8Array(ROWS_PER_PIECE * PIXELS);
  for (let begin = 0; begin < numbers.length; begin += ROWS_PER_PIECE) {
    const piece = numbers.subarray(begin, begin + ROWS_PER_PIECE);
    for (let at = 0; at < piece.length;) {
      let stop = at + 1;
      while (stop < piece.length && piece[stop] === piece[stop - 1] + 1) stop++;
      readWhole(spool.fd, buffer.subarray(at * PIXELS, stop * PIXELS), piece[at] * PIXELS);
      at = stop;
    }
    piece.forEach((row, at) => {
      if (isInverted[row] === 1) invert(buffer.subarray(at * PIXELS, (at + 1) * PIXELS));
    });
    yield buffer.subarray(0, piece.length * PIXELS);
    task.advance(piece.length);
  }
}

function readWhole(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    const numRead = readSync(fd, bytes, done, bytes.length - done, position + done);
    if (numRead === 0) throw cutOff();
    done += numRead;
  }
}

function invert(picture: Uint8Array): void {
  for (let pixel = 0; pixel < picture.length; pixel++) picture[pixel] = 255 - picture[pixel];
}

/** Writes a new file and syncs it; its SHA-256. */
async function writeHashed(path: string, pieces: Iterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx');
  try {
    for (const piece of pieces) {
      hash.update(piece);
      await file.writeFile(piece);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

function cutOff(): StorageError {
  return new StorageError(
    'ERR_READ',
    'A temporary file of the cache of the data set "femnist" became shorter while it was read. Try again, and let no other program ' +
      'change what is in the folder of caches.',
  );
}

function emptySplit(folder: string, split: SplitName): DataError {
  return new DataError(
    'ERR_DATA',
    `The data set "femnist" in "${folder}" has no rows for the ${split} split: training and test need at least one row each, and ` +
      'where the source has no split of its own, one writer must have two rows or more. Use more of the data set.',
    { path: folder },
  );
}
