import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bloom, bloomOutput, newFolder, removeFolders } from '../support/e2e_command.js';

describe('data --show and --plot', () => {
  after(removeFolders);

  const show = (...args: readonly string[]) => bloomOutput(['data', '--show', ...args], { cwd: newFolder() });

  it('prints which client gets which rows of MNIST', async () => {
    const lines = (await show('--n-workers', '3')).split('\n');
    expect(lines).to.include('data_split iid: n_workers 3, seed 0');
    expect(lines.filter((line) => /^ +[012]  20000       10( +\d+){10}$/.test(line))).to.have.lengthOf(3);
    // The classes of MNIST's training rows, as its authors count them.
    expect(lines).to.include(
      '   all  60000       10  5923  6742  5958  6131  5842  5421  5918  6265  5851  5949',
    );
    expect(lines).to.include('rows left out: 0');
  });

  it('follows the options of the split, and names them', async () => {
    const args = [
      '--data-split',
      'dirichlet',
      '--dirichlet-alpha',
      '0.001',
      '--min-samples',
      '100',
      '--seed',
      '7',
    ];
    const text = await show(...args);
    expect(text).to.include(
      'data_split dirichlet: n_workers 4, seed 7, dirichlet_alpha 0.001, min_samples 100\n',
    );
    // Nearly all of a class is at one client, so that most blocks are empty.
    expect(text.split('\n').filter((line) => line.includes('...'))).to.have.length.above(2);
    expect(await show(...args)).to.equal(text);
  });

  it('says what is left out', async () => {
    const text = await show('--data-split', 'num_classes', '--classes-per-client', '2');
    expect(text).to.match(
      /^rows left out: \d+ \(`n_workers` 4 times `classes_per_client` 2 is 8 of 10 classes\)$/m,
    );
  });

  it('--plot draws it into a file, SVG or PNG, and nothing else', async () => {
    const cwd = newFolder();
    for (const [name, beginning] of [
      ['classes.svg', '<svg'],
      ['classes.png', '\x89PNG'],
    ]) {
      const stdout = await bloomOutput(['data', '--plot', name], { cwd });
      expect(stdout).to.include(`drawn in ${name}`);
      expect(readFileSync(join(cwd, name), 'latin1').startsWith(beginning), name).to.equal(true);
    }
    const { exitCode, stderr } = await bloom(['data', '--plot', 'classes.gif'], { cwd });
    expect(stderr).to.match(/^error: `--plot` is "classes\.gif", but a file name ending in \.svg or \.png/);
    expect(exitCode).to.equal(1);
    expect(readdirSync(cwd).sort()).to.deep.equal(['classes.png', 'classes.svg']);
  });

  for (const [what, args, message] of [
    [
      'by_writer of a data set without writers',
      ['--data-split', 'by_writer'],
      /by_writer needs .*`dataset` femnist/,
    ],
    [
      'more clients than rows',
      ['--max-samples', '3'],
      /`n_workers` is 4, but there are only 3 training rows/,
    ],
    [
      'a minimum that the rows do not give',
      ['--data-split', 'num_samples', '--min-samples', '15001'],
      /`n_workers` 4 and `min_samples` 15001 ask for 60004 training rows, but there are 60000/,
    ],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { exitCode, stderr } = await bloom(['data', '--show', ...args], { cwd: newFolder() });
      expect(stderr).to.match(message);
      expect(exitCode).to.equal(1);
    });
  }
});
