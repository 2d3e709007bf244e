import { expect } from 'chai';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DataError } from '../../../../src/core/errors.js';
import type { Progress } from '../../../../src/core/progress.js';
import type { RowBlock } from '../../../../src/data/femnist/rows.js';
import { readFixture } from '../../../support/fixtures.js';

/** One row, its pixels as hex. */
export interface FlatRow {
  readonly writer: string;
  readonly label: number;
  readonly picture: string;
}

/** The rows that `make_femnist.py` wrote into every fixture, in the order of the Parquet files, and whether LEAF tests on them. */
export function fixtureRows(): readonly (FlatRow & { readonly isTest: boolean })[] {
  const rows = JSON.parse(readFixture('femnist/rows.json').toString()) as {
    writer: string;
    label: number;
    isTest: boolean;
  }[];
  const pictures = readFixture('femnist/pictures.bin');
  return rows.map((row, at) => ({ ...row, picture: hexOf(pictures, at) }));
}

/** Picture number `at` of many. */
export function hexOf(pictures: Uint8Array, at: number): string {
  return Buffer.from(pictures.subarray(at * 784, (at + 1) * 784)).toString('hex');
}

export async function flatRows(blocks: Iterable<RowBlock> | AsyncIterable<RowBlock>): Promise<FlatRow[]> {
  const rows: FlatRow[] = [];
  for await (const { writers, labels, pictures } of blocks) {
    expect(pictures).to.have.lengthOf(784 * labels.length);
    expect(writers).to.have.lengthOf(labels.length);
    labels.forEach((label, at) => rows.push({ writer: writers[at], label, picture: hexOf(pictures, at) }));
  }
  return rows;
}

/** Runs with a new folder that has these files, and removes it. */
export async function withFolder<T>(
  files: Readonly<Record<string, string | Uint8Array>>,
  run: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'femnist-test-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Waits for the refusal of a source file. */
export async function refusalOf(work: Promise<unknown>): Promise<DataError> {
  const error = await work.then(
    () => expect.fail('it was accepted'),
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(DataError);
  return error as DataError;
}

/** A progress that remembers what it was told; `onBegin` may interfere. */
export function recordingProgress(onBegin: (what: string) => void = () => undefined) {
  const tasks: { what: string; total: number; unit: string; done: number; ended: boolean }[] = [];
  const progress: Progress = {
    begin(what, total, unit) {
      const task = { what, total, unit: unit as string, done: 0, ended: false };
      tasks.push(task);
      onBegin(what);
      return {
        advance: (by) => (task.done += by),
        end: () => (task.ended = true),
      };
    },
  };
  return { progress, tasks };
}
