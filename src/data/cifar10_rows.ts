import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { DataError } from '../core/errors.js';
import type { Rows } from './dataset.js';
import { hashing } from './fetch/sha256.js';

const BYTES_PER_PICTURE = 3 * 32 * 32;
/** A label, then the red, the green and the blue plane of a picture, each line by line. */
const BYTES_PER_ROW = 1 + BYTES_PER_PICTURE;
/** More than any data set of this form has; a longer file is another one. */
const MAX_ROWS = 1_000_000;

/** A file of rows, and the SHA-256 that it has where it is the published one. */
export interface CifarFile {
  readonly path: string;
  readonly sha256: string;
}

/** Reads the rows of these files, one after the other. Throws DataError that names the file, or what opening one threw. */
export async function readCifarRows(
  files: readonly CifarFile[],
  numClasses: number,
): Promise<{ readonly rows: Rows; readonly isVerified: boolean }> {
  const counts = await Promise.all(files.map(({ path }) => countRows(path)));
  const numRows = counts.reduce((sum, count) => sum + count, 0);
  const pictures = new Uint8Array(new SharedArrayBuffer(numRows * BYTES_PER_PICTURE));
  const labels = new Uint8Array(new SharedArrayBuffer(numRows));
  let isVerified = true;
  let first = 0;
  for (const [index, { path, sha256 }] of files.entries()) {
    const end = first + counts[index];
    const part = {
      pictures: pictures.subarray(first * BYTES_PER_PICTURE, end * BYTES_PER_PICTURE),
      labels: labels.subarray(first, end),
    };
    const hash = createHash('sha256');
    const bytes = createReadStream(path, { highWaterMark: 1 << 20 });
    await separateRows(hashing(bytes, hash), part, { path, numClasses });
    isVerified &&= hash.digest('hex') === sha256;
    first = end;
  }
  return { rows: { numRows, pictures, labels }, isVerified };
}

async function countRows(path: string): Promise<number> {
  const { size } = await stat(path);
  const numRows = size / BYTES_PER_ROW;
  if (numRows > MAX_ROWS) throw notCifar(path, `it has more than ${MAX_ROWS} rows`);
  if (!Number.isInteger(numRows) || numRows === 0)
    throw notCifar(path, `it has ${size} bytes, which is no whole number of rows of ${BYTES_PER_ROW} bytes`);
  return numRows;
}

/** Sorts a file's bytes, which come piece by piece, into pictures and labels. Throws DataError that names the file. */
export async function separateRows(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { pictures, labels }: Pick<Rows, 'pictures' | 'labels'>,
  { path, numClasses }: { readonly path: string; readonly numClasses: number },
): Promise<void> {
  const numBytes = labels.length * BYTES_PER_ROW;
  let at = 0;
  for await (const chunk of chunks) {
    if (at + chunk.length > numBytes) throw notCifar(path, 'it grows while it is read');
    for (let from = 0; from < chunk.length;) {
      const row = Math.floor(at / BYTES_PER_ROW);
      const column = at % BYTES_PER_ROW;
      const piece = chunk.subarray(from, from + (column === 0 ? 1 : BYTES_PER_ROW - column));
      if (column > 0) pictures.set(piece, row * BYTES_PER_PICTURE + column - 1);
      else if (piece[0] < numClasses) labels[row] = piece[0];
      else throw notCifar(path, `row ${row} has label ${piece[0]}, not 0 to ${numClasses - 1}`);
      from += piece.length;
      at += piece.length;
    }
  }
  if (at < numBytes) throw notCifar(path, 'it shrank while it was read');
}

function notCifar(path: string, why: string): DataError {
  return new DataError(
    'ERR_DATA',
    `"${path}" is not a file of CIFAR-10 in its binary form: ${why}. Replace it with the original file.`,
    { path },
  );
}
