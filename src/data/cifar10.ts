import { join } from 'node:path';
import { DataError, messageOf } from '../core/errors.js';
import { cifar10Files, obtainCifar10 } from './cifar10_files.js';
import { readCifarRows } from './cifar10_rows.js';
import type { Dataset, LoadOptions } from './dataset.js';
import type { Source } from './fetch/source.js';

/** As Krizhevsky published it. */
const source: Source = {
  dataset: 'cifar10',
  address: 'https://www.cs.toronto.edu/~kriz/',
  files: [
    {
      name: 'cifar-10-binary.tar.gz',
      sizeBytes: 170_052_171,
      sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
    },
  ],
};

/** As in the archive's batches.meta.txt. */
const classNames = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

/**
 * CIFAR-10: 50,000 + 10,000 pictures of animals and vehicles, 3x32x32. Files that are not the published ones are checked for
 * structure, and may have any number of rows. Throws DataError, StorageError or ConfigError.
 */
export async function loadCifar10(options: LoadOptions): Promise<Dataset> {
  const folder = await obtainCifar10(source, options);
  const files = Object.entries(cifar10Files).map(([name, sha256]) => ({ path: join(folder, name), sha256 }));
  try {
    const train = await readCifarRows(files.slice(0, -1), classNames.length);
    const test = await readCifarRows(files.slice(-1), classNames.length);
    return {
      name: 'cifar10',
      shape: { picture: [3, 32, 32], numClasses: classNames.length },
      classNames,
      background: 0,
      train: train.rows,
      test: test.rows,
      folder,
      isVerified: train.isVerified && test.isVerified,
    };
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(
      'ERR_DATA_MISSING',
      `Not all six files of CIFAR-10 can be read: ${messageOf(error)}. Put them into "${folder}", or remove that folder to have ` +
        'the archive unpacked again.',
      { folder },
      { cause: error },
    );
  }
}
