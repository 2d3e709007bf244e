import { open, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DataError, messageOf, StorageError } from '../../core/errors.js';
import { makeFolder } from '../../core/files.js';
import { parseKeyYaml } from './key_yaml.js';
import { keysFromYaml, type PartyKeys } from './party_keys.js';

const OTHERS = 0o007;
const GROUP = 0o070;
const ROOT = 0;

/** A file that is to be made. */
export interface NewFile {
  readonly path: string;
  readonly content: string;
  /** For its owner's eyes only. */
  readonly isSecret: boolean;
}

/** Makes all of the files or none; what is there already stays as it is. Throws StorageError. */
export async function makeFiles(files: readonly NewFile[]): Promise<void> {
  const made: string[] = [];
  for (const { path, content, isSecret } of files) {
    try {
      await makeFolder(dirname(path));
      const file = await open(path, 'wx', isSecret ? 0o600 : 0o644);
      made.push(path);
      await writeAndClose(file, content);
    } catch (error) {
      await Promise.all(made.map((each) => rm(each, { force: true })));
      throw notMade(path, error);
    }
  }
}

/** The keys in a party's key file. Throws DataError where it is damaged, or where others than its owner may read it. */
export async function readPartyKeys(path: string): Promise<PartyKeys> {
  let bytes: Uint8Array;
  try {
    await refuseReadable(path);
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(
      'ERR_KEY_FILE',
      `Cannot read the key file "${path}": ${messageOf(error)}. It should be one that \`bloom-split keys\` made on this machine.`,
      { path },
      { cause: error },
    );
  }
  return keysFromYaml(parseKeyYaml(bytes, path));
}

/** A group may read what root owns: so clusters hand out secrets. */
async function refuseReadable(path: string): Promise<void> {
  if (process.platform === 'win32') return; // its modes say nothing
  const { mode, uid } = await stat(path);
  const forbidden = uid === ROOT ? OTHERS : OTHERS | GROUP;
  if ((mode & forbidden) === 0) return;
  throw new DataError(
    'ERR_KEY_FILE_MODE',
    `The key file "${path}" can be read by others (mode ${(mode & 0o777).toString(8)}). Run \`chmod 600\` on it; if somebody may ` +
      'have read it, make new keys.',
    { path },
  );
}

async function writeAndClose(file: FileHandle, content: string): Promise<void> {
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

function notMade(path: string, error: unknown): StorageError {
  const { code, syscall } = error as NodeJS.ErrnoException;
  const exists = code === 'EEXIST' && syscall === 'open';
  return new StorageError(
    'ERR_KEY_FILE_MADE',
    exists
      ? `"${path}" is there already, and keys are never overwritten. Choose another folder with \`--out\`, or remove it if nobody needs it.`
      : `Cannot make "${path}": ${messageOf(error)}. Choose another folder with \`--out\`.`,
    { path },
    { cause: error },
  );
}
