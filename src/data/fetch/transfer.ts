import type { FileHandle } from 'node:fs/promises';
import type { Progress } from '../../core/progress.js';
import { failedFetch, watchNetwork, type NetworkWatch } from './network.js';
import { notPublished, startOf } from './response.js';
import type { RemoteFile } from './source.js';

/** How a transfer is watched and ended. */
export interface TransferOptions {
  readonly progress: Progress;
  /** A server that sends nothing for so long counts as cut off. */
  readonly stallMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches by one request what is missing at the end of `part`, and gives how many bytes were taken over: 0 where the server
 * sends whole files only. What came stays in `part`. Throws DataError `ERR_DOWNLOAD` or `ERR_CHECKSUM`, the signal's reason,
 * or what writing threw.
 */
export async function transfer(
  file: RemoteFile,
  part: FileHandle,
  { progress, stallMs, signal }: TransferOptions,
): Promise<number> {
  const { name, sizeBytes, address } = file;
  const { size } = await part.stat();
  if (size === sizeBytes) return size;
  const network = watchNetwork(address, stallMs, signal);
  try {
    const response = await network.await(request(address, size, network.signal));
    const start = startOf(response, size, file);
    if (size > 0 && start !== size) await part.truncate(0);
    if (start === undefined) throw failedFetch(address, 'interrupted', `it cannot go on at byte ${size}`);
    const what = start === 0 ? `Fetching ${name}` : `Fetching ${name} from byte ${start} on`;
    const task = progress.begin(what, sizeBytes, 'bytes');
    try {
      task.advance(start);
      let end = start;
      for await (const chunk of chunksOf(response, network)) {
        if (end + chunk.length > sizeBytes) {
          await part.truncate(0);
          throw notPublished(file, `it has more than ${sizeBytes} bytes`);
        }
        await writeAll(part, chunk, end);
        end += chunk.length;
        task.advance(chunk.length);
      }
      if (end < sizeBytes)
        throw failedFetch(address, 'interrupted', `it ended after ${end} of ${sizeBytes} bytes`);
      return start;
    } finally {
      task.end();
    }
  } finally {
    network.end();
  }
}

/** Asks for the bytes from `offset` on, not compressed on the way. */
function request(address: string, offset: number, signal: AbortSignal): Promise<Response> {
  const range = offset === 0 ? {} : { range: `bytes=${offset}-` };
  return fetch(address, { headers: { 'accept-encoding': 'identity', ...range }, signal });
}

async function* chunksOf({ body }: Response, network: NetworkWatch): AsyncGenerator<Uint8Array, void> {
  const reader = body?.getReader();
  while (reader) {
    const next = await network.await(reader.read());
    if (next.done) return;
    yield next.value as Uint8Array;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}
