import type { FileHandle } from 'node:fs/promises';
import { DataError, messageOf } from '../../core/errors.js';
import type { Progress, ProgressTask } from '../../core/progress.js';
import { readLeaf } from './leaf.js';
import { readParquet } from './parquet.js';
import { PIXELS, SIDE, type RowBlock } from './rows.js';
import type { Source, SourceFile } from './source.js';
import type { SourceRows } from './split.js';

/** All rows of a source, in its order; their pictures are in the spool. */
export interface CollectedRows extends SourceRows {
  readonly labels: Uint8Array;
  /** 1 where ink is white and paper black. */
  readonly isInverted: Uint8Array;
}

/** Reads every file of a source and writes the pictures one after the other. Throws DataError where a file is not good. */
export async function collectRows(
  source: Source,
  spool: FileHandle,
  progress: Progress,
): Promise<CollectedRows> {
  const numberOf = new Map<string, number>();
  const files: FileRows[] = [];
  const numBytes = source.files.reduce((sum, file) => sum + file.numBytes, 0);
  const task = progress.begin(`Reading femnist from ${source.folder}`, numBytes, 'bytes');
  try {
    for (const file of source.files) files.push(await collectFile(file, spool, numberOf, task));
  } finally {
    task.end();
  }
  for (const { file, isInverted } of files)
    if (isInverted) progress.begin(`${file.path} has white ink on black paper: inverted`, 0, 'rows').end();
  const hasSplit = source.files.every(({ split }) => split !== undefined);
  return {
    names: [...numberOf.keys()],
    writers: Uint32Array.from(files.flatMap(({ writers }) => writers)),
    labels: Buffer.concat(files.flatMap(({ labels }) => labels)),
    isInverted: flags(files, ({ isInverted }) => isInverted),
    isTest: hasSplit ? flags(files, ({ file }) => file.split === 'test') : undefined,
  };
}

interface FileRows {
  readonly file: SourceFile;
  /** Number of each row's writer, in the order in which names came. */
  readonly writers: number[];
  readonly labels: readonly Uint8Array[];
  readonly isInverted: boolean;
}

async function collectFile(
  file: SourceFile,
  spool: FileHandle,
  numberOf: Map<string, number>,
  task: ProgressTask,
): Promise<FileRows> {
  const writers: number[] = [];
  const labels: Uint8Array[] = [];
  let numBytes = 0;
  let numDark = 0;
  for await (const block of readRows(file)) {
    await spool.writeFile(block.pictures);
    for (const name of block.writers) {
      const number = numberOf.get(name) ?? numberOf.size;
      numberOf.set(name, number);
      writers.push(number);
    }
    labels.push(block.labels);
    numDark += countDark(block.pictures);
    numBytes += block.numBytes;
    task.advance(block.numBytes);
  }
  task.advance(file.numBytes - numBytes);
  // LEAF defines 1 as paper; a PNG does not say which of its two colours is paper, but the edges of a picture are nearly all of it.
  const isInverted = file.format === 'parquet' && numDark > (writers.length * border.length) / 2;
  return { file, writers, labels, isInverted };
}

async function* readRows({ path, format }: SourceFile): AsyncGenerator<RowBlock> {
  try {
    yield* format === 'leaf' ? readLeaf(path) : readParquet(path);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(
      'ERR_READ',
      `Cannot read "${path}": ${messageOf(error)}.`,
      { path },
      { cause: error },
    );
  }
}

/** Pixels of the outermost ring. */
const border = Array.from({ length: PIXELS }, (_, pixel) => pixel).filter((pixel) =>
  [0, SIDE - 1].some((edge) => pixel % SIDE === edge || Math.floor(pixel / SIDE) === edge),
);

function countDark(pictures: Uint8Array): number {
  let numDark = 0;
  for (let start = 0; start < pictures.length; start += PIXELS)
    for (const pixel of border) if (pictures[start + pixel] < 128) numDark++;
  return numDark;
}

function flags(files: readonly FileRows[], isSet: (rows: FileRows) => boolean): Uint8Array {
  return Buffer.concat(files.map((rows) => new Uint8Array(rows.writers.length).fill(isSet(rows) ? 1 : 0)));
}
