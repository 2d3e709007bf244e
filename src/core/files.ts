import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DataError, messageOf, StorageError } from './errors.js';

/** Makes a folder and those above it. Not by Node's own `recursive`, which never ends under /proc. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path).catch((second: unknown) => {
      // Another process may have been quicker.
      if ((second as NodeJS.ErrnoException).code !== 'EEXIST') throw second;
    });
  }
}

/** A name for a file that is to become that one. */
export function temporaryBeside(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.tmp`;
}

/** Of a file that was being written when its process was killed. */
export function isTemporary(name: string): boolean {
  return /\.[0-9a-f]{12}\.tmp$/.test(name);
}

/** Writes a file whole or not at all: a temporary file beside it, fsync, rename, fsync of the folder. */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await makeFolder(dirname(path));
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    // The first error is the one to tell.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new StorageError(
      'ERR_WRITE',
      `Cannot write "${path}": ${messageOf(error)}. Free some space, or choose another place with \`output_dir\`.`,
      { path },
      { cause: error },
    );
  }
}

/** Makes names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Reads a file that must be there; `what` says in the error what it should have been, and how to get it. */
export async function readRequiredFile(path: string, what: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new DataError(
      'ERR_READ',
      `Cannot read "${path}": ${messageOf(error)}. It should be ${what}.`,
      { path },
      { cause: error },
    );
  }
}
