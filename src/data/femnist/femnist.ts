import { join, resolve } from 'node:path';
import { DataError } from '../../core/errors.js';
import type { Dataset, LoadOptions } from '../dataset.js';
import { loadSplits } from './load_splits.js';
import { classNames, SIDE } from './rows.js';
import { findSource } from './source.js';

/** White paper, as LEAF has it. */
const PAPER = 255;

/**
 * FEMNIST: some 800,000 handwritten digits and letters of 28x28 pixels by 3,600 writers. Reads LEAF's JSON or the Parquet files of
 * flwrlabs/femnist in `dataDir`, else in `<datasetsDir>/femnist`, once, into a checked cache in `<datasetsDir>/cache`, and after that only
 * the cache. Writers are numbered by name over both splits; rows are in the order of (writer, source). Ink is 0 and paper 255.
 */
export async function loadFemnist({ dataDir, datasetsDir, progress }: LoadOptions): Promise<Dataset> {
  const folder = dataDir === '' ? join(datasetsDir, 'femnist') : dataDir;
  const source = await findSource(folder);
  if (!source) throw missing(folder);
  const { train, test } = await loadSplits(source, join(datasetsDir, 'cache'), progress);
  return {
    name: 'femnist',
    shape: { picture: [1, SIDE, SIDE], numClasses: classNames.length },
    classNames,
    background: PAPER,
    train,
    test,
    folder,
    isVerified: false, // nobody has published checksums
  };
}

function missing(folder: string): DataError {
  const place = resolve(folder);
  return new DataError(
    'ERR_DATA_MISSING',
    `The data set "femnist" is not in "${place}". Download the files data/*.parquet of ` +
      'https://huggingface.co/datasets/flwrlabs/femnist into that folder, or make train/*.json and test/*.json there with the scripts ' +
      'of https://github.com/TalwalkarLab/leaf (data/femnist), or name a folder that has either with `data_dir`.',
    { path: place },
  );
}
