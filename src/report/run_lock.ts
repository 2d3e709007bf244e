import { readFileSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { ConfigError, messageOf, StorageError } from '../core/errors.js';

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
  for (;;) {
    try {
      const file = await open(path, 'wx');
      try {
        await file.writeFile(JSON.stringify(own));
      } finally {
        await file.close();
      }
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new StorageError(
          'ERR_LOCK',
          `Cannot make the lock "${path}": ${messageOf(error)}. Choose a directory that can be written.`,
          { path },
          { cause: error },
        );
      }
    }
    const owner = await readOwner(path);
    if (owner && isAlive(owner)) {
      throw new ConfigError(
        'ERR_LOCKED',
        `Process ${owner.pid} works in this run directory ("${path}"). Wait for its end, or stop it.`,
        { path, pid: owner.pid },
      );
    }
    await rm(path, { force: true });
  }
}

/** Undefined where the lock is gone, or was cut off while it was written. */
async function readOwner(path: string): Promise<Owner | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
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
