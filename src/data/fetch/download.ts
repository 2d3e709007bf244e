import { constants } from 'node:fs';
import { mkdir, open, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DataError } from '../../core/errors.js';
import { cannotWrite } from './cannot_write.js';
import type { FailureKind } from './network.js';
import { leavePart, removeAbandonedParts, takePart } from './parts.js';
import { notPublished } from './response.js';
import { sha256OfFile } from './sha256.js';
import type { RemoteFile } from './source.js';
import { transfer, type TransferOptions } from './transfer.js';

/** How a download goes. */
export interface DownloadOptions extends TransferOptions {
  /** How long to wait after a first, second, ... failure in a row. */
  readonly retryDelaysMs: readonly number[];
}

/** What suits people and their networks. */
export const usualPatience = { stallMs: 30_000, retryDelaysMs: [1000, 2000, 4000] } as const;

/**
 * Fetches a file to `path`, which appears whole and checked, or not at all. What an interrupted run left is taken over: it
 * needs no other mark than the file's checksum, and where that does not hold the file is fetched anew. Throws DataError,
 * StorageError, or the signal's reason.
 */
export async function download(file: RemoteFile, path: string, options: DownloadOptions): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const part = await takePart(path);
    try {
      await fill(part, file, options);
      await rename(part, path);
    } finally {
      await leavePart(part, path);
    }
    await removeAbandonedParts(path);
  } catch (error) {
    throw cannotWrite(error, path, file.sizeBytes);
  }
}

/** Fetches into a part until its checksum holds. */
async function fill(path: string, file: RemoteFile, options: DownloadOptions): Promise<void> {
  const part = await open(path, constants.O_RDWR | constants.O_CREAT);
  try {
    for (const isLast of [false, true]) {
      const numTakenOver = await transferAll(file, part, options);
      const sha256 = await sha256OfFile(path);
      if (sha256 === file.sha256) break;
      await part.truncate(0);
      // Pieces of two different files give a third one.
      if (numTakenOver === 0 || isLast)
        throw notPublished(file, `its SHA-256 is ${sha256} instead of ${file.sha256}`);
    }
    await part.sync();
  } finally {
    await part.close();
  }
}

/** Requests the rest until it is there, with a pause after each failure; failures in a row are those that brought nothing. */
async function transferAll(file: RemoteFile, part: FileHandle, options: DownloadOptions): Promise<number> {
  const { retryDelaysMs, signal } = options;
  const { size: atFirst } = await part.stat();
  let furthest = atFirst;
  let numFailures = 0;
  for (;;) {
    try {
      return await transfer(file, part, options);
    } catch (error) {
      const { size } = await part.stat();
      numFailures = size > furthest ? 1 : numFailures + 1;
      furthest = Math.max(furthest, size);
      if (!isWorthRetrying(error, furthest > atFirst) || numFailures > retryDelaysMs.length) throw error;
      await pause(retryDelaysMs[numFailures - 1], signal);
    }
  }
}

/** A cut; also a server that cannot be reached, if it could before. */
function isWorthRetrying(error: unknown, wasReached: boolean): boolean {
  const kind = error instanceof DataError ? error.details.kind : undefined;
  return (
    kind === ('interrupted' satisfies FailureKind) ||
    (wasReached && kind === ('unreachable' satisfies FailureKind))
  );
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal });
  } finally {
    signal?.throwIfAborted();
  }
}
