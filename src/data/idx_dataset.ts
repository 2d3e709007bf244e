import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../core/errors.js';
import type { Dataset, LoadOptions, Rows } from './dataset.js';
import { usualPatience } from './fetch/download.js';
import { fetchFiles } from './fetch/fetch_files.js';
import type { Source } from './fetch/source.js';
import { readIdxFile, type IdxFile } from './idx_file.js';

const SIDE = 28;
/** More rows than any data set of this form has; what announces more is damaged. */
const MAX_ROWS = 1_000_000;

/** The files of MNIST and of every data set made after it, each gzipped (`.gz`) or not. */
type IdxName =
  'train-images-idx3-ubyte' | 'train-labels-idx1-ubyte' | 't10k-images-idx3-ubyte' | 't10k-labels-idx1-ubyte';

/** A data set of 28x28 pictures in the files of MNIST. */
export interface IdxDataset {
  readonly name: string;
  readonly classNames: readonly string[];
  /** SHA-256 of the contents of each file as published, unpacked. */
  readonly checksums: Readonly<Record<IdxName, string>>;
  /** What to say where a file cannot be opened. */
  readonly missing: (path: string, cause: unknown) => DataError;
}

/**
 * The folder with a data set's files: `dataDir`, of which nothing but reading is done; or where that is empty its place under
 * `datasetsDir`, to which missing files are fetched. Throws DataError, StorageError or ConfigError.
 */
export async function obtainIdxFiles(source: Source, options: LoadOptions): Promise<string> {
  const { dataDir, datasetsDir, mirror, progress } = options;
  if (dataDir !== '') return dataDir;
  const folder = join(datasetsDir, source.dataset);
  const missing = source.files.filter(
    ({ name }) => !existsSync(join(folder, name)) && !existsSync(join(folder, name.replace(/\.gz$/, ''))),
  );
  await fetchFiles(source, missing, folder, { mirror, progress, ...usualPatience });
  return folder;
}

/** Reads the four files of a folder. Files that are not the published ones are checked for structure. Throws DataError. */
export async function readIdxDataset(known: IdxDataset, folder: string): Promise<Dataset> {
  const train = await readSplit(known, folder, 'train');
  const test = await readSplit(known, folder, 't10k');
  return {
    name: known.name,
    shape: { picture: [1, SIDE, SIDE], numClasses: known.classNames.length },
    classNames: known.classNames,
    background: 0,
    train: train.rows,
    test: test.rows,
    folder,
    isVerified: train.isVerified && test.isVerified,
  };
}

async function readSplit(
  known: IdxDataset,
  folder: string,
  split: 'train' | 't10k',
): Promise<{ readonly rows: Rows; readonly isVerified: boolean }> {
  const pictures = await readFileOf(known, folder, `${split}-images-idx3-ubyte`, 3);
  const labels = await readFileOf(known, folder, `${split}-labels-idx1-ubyte`, 1);
  const [numRows, height, width] = pictures.sizes;
  const foreign = (path: string, why: string) =>
    new DataError('ERR_DATA', `"${path}" is not of the data set "${known.name}": ${why}. Replace the file.`, {
      path,
    });
  if (height !== SIDE || width !== SIDE)
    throw foreign(pictures.path, `its pictures have ${height}x${width} pixels instead of ${SIDE}x${SIDE}`);
  if (numRows === 0) throw foreign(pictures.path, 'it has no pictures');
  if (labels.sizes[0] !== numRows)
    throw foreign(labels.path, `it has ${labels.sizes[0]} labels for ${numRows} pictures`);
  const numClasses = known.classNames.length;
  const wrong = labels.values.findIndex((label) => label >= numClasses);
  if (wrong >= 0)
    throw foreign(labels.path, `row ${wrong} has label ${labels.values[wrong]}, not 0 to ${numClasses - 1}`);
  return {
    rows: { numRows, pictures: pictures.values, labels: labels.values },
    isVerified: pictures.isVerified && labels.isVerified,
  };
}

async function readFileOf(
  { checksums, missing }: IdxDataset,
  folder: string,
  name: IdxName,
  numAxes: 1 | 3,
): Promise<IdxFile & { readonly path: string; readonly isVerified: boolean }> {
  const path = pathOf(folder, name);
  const maxValues = numAxes === 3 ? MAX_ROWS * SIDE * SIDE : MAX_ROWS;
  try {
    const file = await readIdxFile({ path, numAxes, maxValues });
    return { ...file, path, isVerified: file.sha256 === checksums[name] };
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw missing(path, error);
  }
}

/** The file as it is there, unpacked or not; unpacked where there is neither. */
function pathOf(folder: string, name: IdxName): string {
  const path = join(folder, name);
  return !existsSync(path) && existsSync(`${path}.gz`) ? `${path}.gz` : path;
}
