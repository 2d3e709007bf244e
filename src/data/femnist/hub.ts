import { rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DataError } from '../../core/errors.js';
import type { Progress } from '../../core/progress.js';
import { download, usualPatience, type DownloadOptions } from '../fetch/download.js';
import { fetchJson } from '../fetch/json.js';
import type { RemoteFile } from '../fetch/source.js';

/** Where the Parquet files of FEMNIST are published: a hub, which any mirror of it can stand for. */
const HUB = 'https://huggingface.co';
const REPOSITORY = 'datasets/flwrlabs/femnist';

export interface HubOptions {
  /** Address of a hub with the same interface; empty for the official one. */
  readonly mirror: string;
  readonly progress: Progress;
}

/**
 * Fetches the Parquet files of flwrlabs/femnist into `<folder>/data`, which appears when all of them are whole. The hub tells
 * their sizes and SHA-256, all of one revision. Throws DataError or StorageError.
 */
export async function fetchFromHub(
  folder: string,
  { mirror, progress }: HubOptions,
  patience: Omit<DownloadOptions, 'progress'> = usualPatience,
): Promise<void> {
  const hub = (mirror === '' ? HUB : mirror).replace(/\/$/, '');
  const revision = await revisionOf(hub, patience.stallMs);
  const files = await filesOf(hub, revision, patience.stallMs);
  // Named by the revision: the beginnings of another one are not gone on with.
  const unfinished = join(folder, `fetching-${revision}`);
  for (const file of files) await download(file, join(unfinished, file.name), { ...patience, progress });
  await rename(unfinished, join(folder, 'data'));
}

async function revisionOf(hub: string, stallMs: number): Promise<string> {
  const address = `${hub}/api/${REPOSITORY}/revision/main`;
  const { sha } = fieldsOf(await fetchJson(address, stallMs));
  if (typeof sha === 'string' && /^[0-9a-f]{40}$/.test(sha)) return sha;
  throw strange(address, 'it names no revision');
}

async function filesOf(hub: string, revision: string, stallMs: number): Promise<readonly RemoteFile[]> {
  const address = `${hub}/api/${REPOSITORY}/tree/${revision}/data`;
  const entries = await fetchJson(address, stallMs);
  if (!Array.isArray(entries)) throw strange(address, 'it lists no files');
  const files = entries.flatMap((entry): RemoteFile[] => {
    const { path, lfs } = fieldsOf(entry);
    if (typeof path !== 'string' || !/^data\/[\w.-]+\.parquet$/.test(path)) return [];
    const { oid, size } = fieldsOf(lfs);
    if (typeof oid !== 'string' || !/^[0-9a-f]{64}$/.test(oid) || !Number.isSafeInteger(size))
      throw strange(address, `it tells no size and SHA-256 of "${path}"`);
    const fileAddress = `${hub}/${REPOSITORY}/resolve/${revision}/${path}`;
    return [{ name: basename(path), sizeBytes: size as number, sha256: oid, address: fileAddress }];
  });
  if (files.length === 0) throw strange(address, 'it lists no Parquet files');
  return files;
}

function strange(address: string, why: string): DataError {
  return new DataError('ERR_DOWNLOAD', `${address} does not answer as a hub does: ${why}.`, { address });
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
