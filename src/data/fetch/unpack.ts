import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DataError, messageOf } from '../../core/errors.js';
import type { Progress } from '../../core/progress.js';
import { cannotWrite } from './cannot_write.js';
import { gunzip } from './gunzip.js';
import { newPart, removeAbandonedParts } from './parts.js';
import { writeMembers } from './tar_members.js';

/** What is taken out of an archive. */
export interface Unpacking {
  /** A .tar.gz file. */
  readonly archive: string;
  /** Paths in the archive; what stands behind the last slash becomes the name of a file. */
  readonly members: readonly string[];
  /** No member may be larger. */
  readonly maxMemberBytes: number;
  /** What to do where the archive is damaged, as a sentence. */
  readonly remedy: string;
  readonly progress: Progress;
}

/**
 * Unpacks these members of an archive into a new folder, which appears whole or not at all. An archive in which anything lies
 * outside its own folder, or is neither plain file nor folder, is refused. Throws DataError or StorageError.
 */
export async function unpack(folder: string, unpacking: Unpacking): Promise<void> {
  const { members, maxMemberBytes } = unpacking;
  const part = newPart(folder);
  try {
    await removeAbandonedParts(folder);
    await mkdir(part);
    try {
      await readArchive(part, unpacking);
      for (const member of members) await sync(join(part, basename(member)));
      await rename(part, folder);
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  } catch (error) {
    if (isTaken(error)) return; // by another process that was faster: what it has unpacked is as good
    throw cannotWrite(error, folder, members.length * maxMemberBytes);
  }
}

async function readArchive(
  folder: string,
  { archive, progress, remedy, ...wanted }: Unpacking,
): Promise<void> {
  const task = progress.begin(`Unpacking ${basename(archive)}`, (await stat(archive)).size, 'bytes');
  const packed = createReadStream(archive);
  const unpacked = gunzip(packed);
  packed.on('data', ({ length }) => {
    task.advance(length);
  });
  try {
    await writeMembers(unpacked, folder, wanted);
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw error;
    throw new DataError(
      'ERR_ARCHIVE',
      `"${archive}" is not the archive that was expected: ${messageOf(error)}. ${remedy}`,
      { archive },
      { cause: error },
    );
  } finally {
    task.end();
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function isTaken(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall === 'rename' && (code === 'ENOTEMPTY' || code === 'EEXIST');
}
