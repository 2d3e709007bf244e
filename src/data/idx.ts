import { DataError } from '../core/errors.js';

/** An array from an IDX file (the format of MNIST: big-endian magic number, sizes, then one byte a value). */
export interface IdxArray {
  readonly sizes: readonly number[];
  readonly values: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/** Reads an IDX file of unsigned bytes with this number of axes. Throws DataError that names the file. */
export function decodeIdx(file: Uint8Array, numAxes: number, path: string): IdxArray {
  const headerBytes = 4 + 4 * numAxes;
  if (file.length < headerBytes) throw notIdx(path, `it has ${file.length} bytes, fewer than its header`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magic = view.getUint32(0);
  const expectedMagic = (UNSIGNED_BYTE << 8) | numAxes;
  if (magic !== expectedMagic)
    throw notIdx(path, `it starts with 0x${hex(magic)} instead of 0x${hex(expectedMagic)}`);
  const sizes = Array.from({ length: numAxes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const numValues = sizes.reduce((product, size) => product * size, 1);
  if (file.length !== headerBytes + numValues)
    throw notIdx(path, `it announces ${sizes.join(' x ')} values and has ${file.length - headerBytes}`);
  return { sizes, values: file.subarray(headerBytes) };
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

function notIdx(path: string, why: string): DataError {
  return new DataError(
    'ERR_IDX',
    `"${path}" is not the IDX file that was expected: ${why}. Replace it with the original file.`,
    { path },
  );
}
