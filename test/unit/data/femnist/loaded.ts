import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { noProgress } from '../../../../src/core/progress.js';
import type { Dataset, Rows } from '../../../../src/data/dataset.js';
import { loadFemnist } from '../../../../src/data/femnist/femnist.js';
import { readFixture } from '../../../support/fixtures.js';
import { hexOf } from './sources.js';

export const fixture = (name: string) => readFixture(`femnist/${name}`);

/** A source as LEAF's scripts make it, and one as it is downloaded. */
export const leaf = { 'train/a.json': fixture('leaf_train.json'), 'test/a.json': fixture('leaf_test.json') };
export const parquet = { 'data/train-00000-of-00001.parquet': fixture('hf.parquet') };

/** Loads from `femnist` in this folder of data sets. */
export function load(folder: string, progress = noProgress): Promise<Dataset> {
  return loadFemnist({ dataDir: '', datasetsDir: folder, mirror: 'http://127.0.0.1:1', progress });
}

/** Puts files below `femnist`. */
export function placed(
  files: Readonly<Record<string, string | Uint8Array>>,
): Record<string, string | Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [`femnist/${name}`, content]));
}

/** Rows one by one, with numbers of writers. */
export function flat({ numRows, pictures, labels, writers }: Rows) {
  return Array.from({ length: numRows }, (_, row) => ({
    writer: writers?.[row],
    label: labels[row],
    picture: hexOf(pictures, row),
  }));
}

/** Names of all that is in the folder of caches. */
export async function cachesIn(folder: string): Promise<string[]> {
  return (await readdir(join(folder, 'cache'))).sort();
}
