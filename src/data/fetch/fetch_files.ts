import { join } from 'node:path';
import { DataError } from '../../core/errors.js';
import { download, type DownloadOptions } from './download.js';
import { addressOf, missingDataset, type Source, type SourceFile } from './source.js';

/** How the files of a data set are fetched. */
export interface FetchOptions extends DownloadOptions {
  /** Address of the folder from which to fetch instead of the publisher's; empty for that. */
  readonly mirror: string;
}

/** Fetches these files of a data set into a folder, one after the other. Throws DataError, StorageError or ConfigError. */
export async function fetchFiles(
  source: Source,
  files: readonly SourceFile[],
  folder: string,
  { mirror, ...options }: FetchOptions,
): Promise<void> {
  for (const file of files) {
    try {
      const address = addressOf(file, source, mirror);
      await download({ ...file, address }, join(folder, file.name), options);
    } catch (error) {
      if (!(error instanceof DataError && error.code === 'ERR_DOWNLOAD')) throw error;
      throw missingDataset(source, error.message, folder, error);
    }
  }
}
