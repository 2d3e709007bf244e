import type { Readable } from 'node:stream';
import { createGunzip, type Gunzip } from 'node:zlib';

/** The unpacked pieces of a gzipped stream, which ends with them; what goes wrong with either is thrown to their reader. */
export function gunzip(packed: Readable): Gunzip {
  const unpacked = createGunzip({ chunkSize: 1 << 18 });
  packed.once('error', (error) => unpacked.destroy(error));
  unpacked.once('close', () => packed.destroy());
  return packed.pipe(unpacked);
}
