import { createHash } from 'node:crypto';
import { DataError } from '../core/errors.js';
import { readRequiredFile, writeFileAtomic } from '../core/files.js';
import type { SegmentSpec, SegmentState } from '../engine/engine.js';
import { decodeStates, encodeStates, type NamedState } from '../engine/state_file.js';
import type { StateFile, StateReceipt } from './messages.js';

/** Writes states whole or not at all, and tells what the file must be when it is read. */
export function writeStateFile(path: string, states: readonly NamedState[]): Promise<StateReceipt> {
  return writeReceipted(path, encodeStates(states));
}

/** Writes a file whole or not at all, and tells what it is. */
export async function writeReceipted(path: string, bytes: Uint8Array): Promise<StateReceipt> {
  await writeFileAtomic(path, bytes);
  return { sha256: sha256(bytes), sizeBytes: bytes.length };
}

/** Reads a file of states that must be the one that was written: gives each by its prefix and spec. Throws DataError. */
export async function readStateFile(
  file: StateFile,
): Promise<(prefix: string, spec: SegmentSpec) => SegmentState> {
  return decodeStates(await readChecked(file), file.path);
}

/** The bytes of such a file. Throws DataError where they are not those that were written. */
export async function readChecked({ path, sha256: expected }: StateFile): Promise<Uint8Array> {
  const bytes = await readRequiredFile(path, 'the state of one side in a checkpoint');
  if (sha256(bytes) === expected) return bytes;
  throw new DataError(
    'ERR_CHECKSUM',
    `"${path}" is not the file that its checkpoint was made with: its SHA-256 is not ${expected}. Delete the checkpoint's ` +
      'folder: the one before it is taken then.',
    { path },
  );
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
