import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Passes pieces of a file on, and tells `hash` of each. */
export async function* hashing(chunks: AsyncIterable<unknown>, hash: Hash): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) {
    hash.update(chunk as Uint8Array);
    yield chunk as Uint8Array;
  }
}

/** SHA-256 of a file, in hex. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
