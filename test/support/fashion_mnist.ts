import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where Debian's package dataset-fashion-mnist puts the four files. */
export const installedFashionMnist = '/usr/share/datasets/fashion-mnist';
export const hasFashionMnist = existsSync(join(installedFashionMnist, 'train-images-idx3-ubyte.gz'));

/** When the authors packed each file, in seconds since 1970: a part of the archive, and so of its checksum. */
const packedAt: Readonly<Record<string, number>> = {
  'train-images-idx3-ubyte.gz': 1504176606,
  'train-labels-idx1-ubyte.gz': 1504176606,
  't10k-images-idx3-ubyte.gz': 1504176627,
  't10k-labels-idx1-ubyte.gz': 1504176627,
};

export const fashionMnistNames = Object.keys(packedAt);

/**
 * An archive as it was published. Debian's differs from it in the gzip header alone (RFC 1952, 2.3): there is no file name in
 * it, and another time.
 */
export function publishedFashionMnist(name: string): Uint8Array {
  const installed = readFileSync(join(installedFashionMnist, name));
  const header = Buffer.from([0x1f, 0x8b, 8, 0x08, 0, 0, 0, 0, 0, 3]);
  header.writeUInt32LE(packedAt[name], 4);
  const fileName = Buffer.from(`${name.replace('.gz', '')}\0`);
  return Buffer.concat([header, fileName, installed.subarray(10)]);
}
