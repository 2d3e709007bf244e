import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSystemError } from './system_error.js';

/** Where nobody has written for so long, the build was killed: a living one writes every few seconds. */
const STALE_MS = 10 * 60_000;
const TEMPORARY = '.tmp';

/**
 * Makes a folder whole or not at all: `fill` writes into a temporary one beside it and syncs its files, then one rename puts it in
 * its place. A folder that is there by then stays if `isWhole` says that it is good, and is replaced if not. Returns what `fill` did.
 */
export async function makeFolder<T>(
  place: string,
  fill: (folder: string) => Promise<T>,
  isWhole: (folder: string) => Promise<boolean>,
): Promise<T> {
  await mkdir(dirname(place), { recursive: true });
  const temporary = aside(place);
  try {
    await mkdir(temporary);
    const filled = await fill(temporary);
    await syncFolder(temporary);
    while (!(await moved(temporary, place)) && !(await isWhole(place))) await discard(place);
    await syncFolder(dirname(place));
    return filled;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes from a folder the temporary ones, of names that begin so, that killed builds left. */
export async function removeStale(parent: string, prefix: string, nowMs: number): Promise<void> {
  for (const name of await namesIn(parent)) {
    if (!name.startsWith(prefix) || !name.endsWith(TEMPORARY)) continue;
    const folder = join(parent, name);
    const paths = [folder, ...(await namesIn(folder)).map((file) => join(folder, file))];
    const times = await Promise.all(paths.map(changedMs));
    if (nowMs - Math.max(...times) > STALE_MS) await rm(folder, { recursive: true, force: true });
  }
}

function aside(place: string): string {
  return `${place}.${randomBytes(6).toString('hex')}${TEMPORARY}`;
}

/** False where something is there already. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((await changedMs(to)) > 0) return false;
    throw error;
  }
}

/** Moves the folder away before it is emptied, so that nobody finds half of it. */
async function discard(place: string): Promise<void> {
  const away = aside(place);
  try {
    await rename(place, away);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return; // another process was faster
    throw error;
  }
  await rm(away, { recursive: true, force: true });
}

/** When a file or folder was last changed; 0 where it is not there (any more). */
async function changedMs(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return 0;
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
