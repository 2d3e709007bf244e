import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { ConfigError, messageOf, StorageError } from '../core/errors.js';
import { temporaryBeside } from '../core/files.js';

/** Who works in a run directory. */
interface Owner {
  readonly pid: number;
  /** Tells a process from a later one with the same number; empty where the system does not say. */
  readonly started: string;
}

/**
 * Takes a run directory for this process; what is returned gives it back. A lock whose process is gone is taken over. Throws
 * ConfigError where another process works there.
 */
export async function lockRun(path: string): Promise<() => Promise<void>> {
  const own: Owner = { pid: process.pid, started: startOf(process.pid) };
  const content = JSON.stringify(own);
  let holder: Owner | undefined;
  try {
    holder = await take(path, content);
  } catch (error) {
    throw new StorageError(
      'ERR_LOCK',
      `Cannot make the lock "${path}": ${messageOf(error)}. Choose a directory that can be written.`,
      { path },
      { cause: error },
    );
  }
  if (holder) throw locked(path, holder);
  // Where it cannot be removed it stays: it is taken over, since its process is gone then.
  return () => rm(path, { force: true }).catch(() => undefined);
}

/**
 * Takes a lock; where a living process has it, or is about to, gives that one. The lock of a dead process is replaced only by
 * whoever holds a second lock, named after what the first one says: so two never replace the same one, and none replaces that
 * of a living process.
 */
async function take(path: string, content: string): Promise<Owner | undefined> {
  while (!(await wasMade(path, content))) {
    const found = await readIfThere(path);
    if (found === undefined) continue;
    const owner = readOwner(found);
    if (owner && isAlive(owner)) return owner;
    const claim = claimOn(path, found);
    const rival = await take(claim, content);
    if (rival) return rival;
    try {
      // Another process may have replaced it before the claim was ours.
      if ((await readIfThere(path)) !== found) continue;
      await replace(path, content);
      return undefined;
    } finally {
      await rm(claim, { force: true });
    }
  }
  return undefined;
}

function claimOn(path: string, stale: string): string {
  return `${path}.${createHash('sha256').update(stale).digest('hex').slice(0, 12)}.claim`;
}

async function replace(path: string, content: string): Promise<void> {
  const whole = temporaryBeside(path);
  await writeFile(whole, content);
  await rename(whole, path);
}

/** False where there is one. It appears with its content: an empty one would look like one that was cut off. */
async function wasMade(path: string, content: string): Promise<boolean> {
  const whole = temporaryBeside(path);
  await writeFile(whole, content);
  try {
    await link(whole, path).catch(async (error: unknown) => {
      if (['EEXIST', 'ENOENT'].includes(String((error as NodeJS.ErrnoException).code))) throw error;
      // A file system without links.
      await writeFile(path, content, { flag: 'wx' });
    });
    return true;
  } catch (error) {
    // Whoever has the lock removes temporary files, also this one.
    if (!['EEXIST', 'ENOENT'].includes(String((error as NodeJS.ErrnoException).code))) throw error;
    return false;
  } finally {
    await rm(whole, { force: true });
  }
}

/** Undefined where the lock was given back in between. */
async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
}

function locked(path: string, { pid }: Owner): ConfigError {
  return new ConfigError(
    'ERR_LOCKED',
    `Process ${pid} works in this run directory ("${path}"). Wait for its end, or stop it.`,
    { path, pid },
  );
}

/** Undefined where it was cut off. */
function readOwner(text: string): Owner | undefined {
  const found = /^\{"pid":(\d+),"started":"(\w*)"\}$/.exec(text);
  return found ? { pid: Number(found[1]), started: found[2] } : undefined;
}

function isAlive({ pid, started }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process of somebody else's is alive too.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return startOf(pid) === started;
}

/** The start time of a process in clock ticks since boot, the 22nd field of its stat file; empty where there is none. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return '';
  }
}
