import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An IDX file of unsigned bytes: 0, 0, 8, number of axes, the sizes as big-endian uint32, the values. */
export function encodeIdx(sizes: readonly number[], values: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(4 + 4 * sizes.length + values.length);
  file.set([0, 0, 8, sizes.length]);
  const view = new DataView(file.buffer);
  sizes.forEach((size, axis) => {
    view.setUint32(4 + 4 * axis, size);
  });
  file.set(values, 4 + 4 * sizes.length);
  return file;
}

export type MnistFiles = Record<
  'train-images-idx3-ubyte' | 'train-labels-idx1-ubyte' | 't10k-images-idx3-ubyte' | 't10k-labels-idx1-ubyte',
  Uint8Array
>;

/** Three training rows and two test rows; every picture is filled with its label. */
export function smallMnist(): MnistFiles {
  const pictures = (labels: readonly number[]) =>
    encodeIdx(
      [labels.length, 28, 28],
      labels.flatMap((label) => Array<number>(784).fill(label)),
    );
  return {
    'train-images-idx3-ubyte': pictures([7, 0, 9]),
    'train-labels-idx1-ubyte': encodeIdx([3], [7, 0, 9]),
    't10k-images-idx3-ubyte': pictures([1, 2]),
    't10k-labels-idx1-ubyte': encodeIdx([2], [1, 2]),
  };
}

/** Runs with these files in a folder, and removes it. */
export async function withDataFolder<T>(
  files: Readonly<Record<string, Uint8Array>>,
  run: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'data-test-'));
  try {
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
