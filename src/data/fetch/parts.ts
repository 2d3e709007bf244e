import { randomBytes } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isProcessAlive } from '../../core/process_alive.js';

/**
 * What is not whole yet lies beside its place as `NAME.HOST-PID-RANDOM.part` while a process works on it, and as `NAME.part`
 * while none does. So two processes never write to one file, and there is no lock that a killed process could leave: its
 * part is known to be abandoned, and taken over by renaming, which only one process can do.
 */
export function newPart(path: string): string {
  return `${path}.${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}.part`;
}

/** The part that an earlier run left of this file, or a name for a new one; no other process uses it. */
export async function takePart(path: string): Promise<string> {
  const mine = newPart(path);
  for (const abandoned of await abandonedParts(path)) {
    try {
      await rename(abandoned, mine);
      break;
    } catch (error) {
      if (!isMissing(error)) throw error; // else another process was faster
    }
  }
  return mine;
}

/** Leaves a part for a later run; without a byte in it, removes it. */
export async function leavePart(part: string, path: string): Promise<void> {
  try {
    if ((await stat(part)).size === 0) await rm(part);
    else await rename(part, `${path}.part`);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Removes parts of this file or folder on which no process works any more. */
export async function removeAbandonedParts(path: string): Promise<void> {
  for (const part of await abandonedParts(path)) await rm(part, { recursive: true, force: true });
}

/** A download that stands still fails much sooner. */
const ABANDONED_AFTER_MS = 3_600_000;

async function abandonedParts(path: string): Promise<readonly string[]> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  const parts: string[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || !name.endsWith('part')) continue;
    const owner = /^(.*)-(\d+)-[0-9a-f]{8}\.part$/.exec(name.slice(prefix.length));
    const isAbandoned = owner
      ? (owner[1] === hostname() && !isProcessAlive(Number(owner[2]))) || (await isOld(join(folder, name)))
      : name === `${prefix}part`;
    if (isAbandoned) parts.push(join(folder, name));
  }
  return parts;
}

async function isOld(part: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(part)).mtimeMs > ABANDONED_AFTER_MS;
  } catch (error) {
    if (isMissing(error)) return false; // finished by its owner
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
