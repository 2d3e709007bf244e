import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, messageOf, StorageError } from '../../core/errors.js';
import type { Progress } from '../../core/progress.js';
import { buildCache } from './build.js';
import { CACHE_VERSION, readCache, type Splits } from './cache.js';
import { makeFolder, removeStale } from './cache_folder.js';
import { findSource, sourceKey, type Source } from './source.js';
import { isSystemError } from './system_error.js';

const PREFIX = 'femnist-';

/**
 * Reads the cache of a source in the folder of caches; builds it before where there is none or it is damaged. Another source, or
 * one whose files changed, has another cache. Throws DataError where the source is bad, StorageError where nothing can be kept.
 */
export async function loadSplits(source: Source, caches: string, progress: Progress): Promise<Splits> {
  const key = sourceKey(source, CACHE_VERSION);
  const place = join(caches, `${PREFIX}${key}`);
  try {
    await removeStale(caches, PREFIX, Date.now());
    const cached = await readIfWhole(place, progress);
    if (cached) return cached;
    return await makeFolder(
      place,
      async (folder) => {
        await buildCache(source, folder, progress);
        const now = await findSource(source.folder);
        if (!now || sourceKey(now, CACHE_VERSION) !== key) throw changed(source.folder);
        return readCache(folder);
      },
      async (folder) => (await readIfWhole(folder, progress)) !== undefined,
    );
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new StorageError(
      'ERR_WRITE',
      `Cannot keep a cache of the data set "femnist" in "${caches}": ${messageOf(error)}. Free some space (the whole set needs ` +
        '640 MB, twice that while it is built), or choose another place with `datasets_dir`.',
      { path: caches },
      { cause: error },
    );
  }
}

/** The cache in this folder; undefined where there is none or, as is told, a damaged one. */
async function readIfWhole(folder: string, progress: Progress): Promise<Splits | undefined> {
  try {
    await access(folder);
  } catch {
    return undefined;
  }
  try {
    return await readCache(folder);
  } catch (error) {
    progress.begin(messageOf(error), 0, 'rows').end();
    return undefined;
  }
}

function changed(folder: string): DataError {
  return new DataError(
    'ERR_DATA',
    `The files of the data set "femnist" in "${folder}" changed while they were read. Try again when they no longer do.`,
    { path: folder },
  );
}
