import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { DataError, messageOf } from '../../core/errors.js';

/** A file of the data set. */
export interface SourceFile {
  readonly path: string;
  readonly format: 'leaf' | 'parquet';
  /** Where the source itself says so. */
  readonly split?: 'train' | 'test' | undefined;
  readonly numBytes: number;
  readonly changedMs: number;
}

/** All files of one copy of the data set, in the order in which they are read. */
export interface Source {
  readonly folder: string;
  readonly files: readonly SourceFile[];
}

/**
 * Looks in a folder, and in `data` in it, for LEAF's train/*.json and test/*.json, else *.parquet, else *.json; undefined where
 * there are none. Throws DataError where the folder cannot be read or one of train and test is missing.
 */
export async function findSource(folder: string): Promise<Source | undefined> {
  const places = [folder, join(folder, 'data')];
  for (const place of places) {
    const train = await listFiles(join(place, 'train'), 'leaf', 'train');
    const test = await listFiles(join(place, 'test'), 'leaf', 'test');
    if (train.length > 0 && test.length > 0) return { folder, files: [...train, ...test] };
    if (train.length > 0 || test.length > 0) throw onlyOneSplit(place, train.length > 0 ? 'test' : 'train');
  }
  for (const format of ['parquet', 'leaf'] as const) {
    for (const place of places) {
      const files = await listFiles(place, format);
      if (files.length > 0) return { folder, files };
    }
  }
  return undefined;
}

/** Names a source by the names, sizes and times of its files, and the version of what is made of it. */
export function sourceKey({ folder, files }: Source, version: number): string {
  const facts = files.map(({ path, numBytes, changedMs }) => [relative(folder, path), numBytes, changedMs]);
  return createHash('sha256')
    .update(JSON.stringify([version, facts]))
    .digest('hex')
    .slice(0, 16);
}

async function listFiles(
  folder: string,
  format: SourceFile['format'],
  split?: 'train' | 'test',
): Promise<SourceFile[]> {
  try {
    const ending = format === 'leaf' ? '.json' : '.parquet';
    const names = (await readdir(folder))
      .filter((name) => name.endsWith(ending) && !name.startsWith('.'))
      .sort();
    return await Promise.all(
      names.map(async (name) => {
        const path = join(folder, name);
        const { size, mtimeMs } = await stat(path);
        return { path, format, split, numBytes: size, changedMs: mtimeMs };
      }),
    );
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return [];
    throw new DataError(
      'ERR_READ',
      `Cannot look for the data set "femnist" in "${folder}": ${messageOf(error)}. Make the folder readable, or name another ` +
        'with `data_dir`.',
      { path: folder },
      { cause: error },
    );
  }
}

function onlyOneSplit(place: string, missing: 'train' | 'test'): DataError {
  const path = join(place, missing);
  return new DataError(
    'ERR_DATA_MISSING',
    `"${path}" has no JSON files, but the folder beside it has. Put both of LEAF's folders, \`train\` and \`test\`, there, or name ` +
      'one folder of JSON files without a split with `data_dir`.',
    { path },
  );
}
