import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.js';
import { isProcessAlive } from '../../core/process_alive.js';

const PREFIX = `bloom-split-hosts-${hostname()}-`;

/**
 * Makes a folder for the keys of one run in a folder that all users of a machine may share. What runs of this user left there that were
 * killed is removed, since it holds secrets; what cannot be is told.
 */
export async function makeKeyFolder(place: string, warn: (message: string) => void): Promise<string> {
  await removeLeft(place, warn).catch((error: unknown) => {
    warn(`what earlier runs may have left in "${place}" cannot be looked for: ${messageOf(error)}`);
  });
  return await mkdtemp(join(place, `${PREFIX}${process.pid}-`));
}

async function removeLeft(place: string, warn: (message: string) => void): Promise<void> {
  for (const name of await readdir(place)) {
    const path = join(place, name);
    if (!(await isLeft(name, path))) continue;
    // The others go nevertheless.
    await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
      warn(`the keys that an earlier run left in "${path}" cannot be removed: ${messageOf(error)}`);
    });
  }
}

/** A process on this host made it, and is gone. */
async function isLeft(name: string, path: string): Promise<boolean> {
  const pid = name.startsWith(PREFIX) && /^(\d+)-\w{6}$/.exec(name.slice(PREFIX.length))?.[1];
  if (!pid || isProcessAlive(Number(pid))) return false;
  // Anybody may make anything of this name here.
  const found = await lstat(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined; // another start was faster
    throw error;
  });
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.();
}
