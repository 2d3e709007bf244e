import { DataError } from '../core/errors.js';

/** An array from an IDX file (the format of MNIST: big-endian magic number, sizes, then one byte a value). */
export interface IdxArray {
  readonly sizes: readonly number[];
  readonly values: Uint8Array<SharedArrayBuffer>;
}

/** What an IDX file should be. */
export interface ExpectedIdx {
  readonly path: string;
  readonly numAxes: number;
  /** A file that announces more is refused before memory is reserved for it. */
  readonly maxValues: number;
}

const UNSIGNED_BYTE = 0x08;

/**
 * Reads an IDX file of unsigned bytes, piece by piece, into memory that threads share. Throws DataError that names the file,
 * at the first byte too many.
 */
export async function decodeIdx(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  expected: ExpectedIdx,
): Promise<IdxArray> {
  const header = new Uint8Array(4 + 4 * expected.numAxes);
  let array: IdxArray | undefined;
  let at = -header.length; // counted from the first value
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length;) {
      const piece = chunk.subarray(from, array ? undefined : from - at);
      if (!array) header.set(piece, header.length + at);
      else if (at + piece.length > array.values.length)
        throw notIdx(expected, `it announces ${array.sizes.join(' x ')} values and has more`);
      else array.values.set(piece, at);
      from += piece.length;
      at += piece.length;
      if (at === 0) array = reserve(header, expected);
    }
  }
  if (!array) throw notIdx(expected, `it has ${header.length + at} bytes, fewer than its header`);
  if (at < array.values.length)
    throw notIdx(expected, `it announces ${array.sizes.join(' x ')} values and has ${at}`);
  return array;
}

/** Memory for what a header announces. */
function reserve(header: Uint8Array, expected: ExpectedIdx): IdxArray {
  const { numAxes, maxValues } = expected;
  const view = new DataView(header.buffer);
  const magic = view.getUint32(0);
  const expectedMagic = (UNSIGNED_BYTE << 8) | numAxes;
  if (magic !== expectedMagic)
    throw notIdx(expected, `it starts with 0x${hex(magic)} instead of 0x${hex(expectedMagic)}`);
  const sizes = Array.from({ length: numAxes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const numValues = sizes.reduce((product, size) => product * size, 1);
  if (numValues > maxValues)
    throw notIdx(expected, `it announces ${sizes.join(' x ')} values, more than ${maxValues}`);
  return { sizes, values: new Uint8Array(new SharedArrayBuffer(numValues)) };
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

/** Says that a file is not the one that was expected. */
export function notIdx({ path }: ExpectedIdx, why: string, cause?: unknown): DataError {
  return new DataError(
    'ERR_IDX',
    `"${path}" is not the IDX file that was expected: ${why}. Replace it with the original file.`,
    { path },
    { cause },
  );
}
