import { expect } from 'chai';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { bloom, bloomOutput, newFolder, removeFolders, trainOnce } from '../support/e2e_command.js';
import { expectOneMessage } from '../support/e2e_refusal.js';

describe('bloom-split plot', () => {
  let cwd: string;
  let directory: string;

  before(async () => {
    cwd = newFolder();
    const args = ['--n-workers', '2', '--max-samples', '128', '--n-epochs', '2', '--seed', '7'];
    ({ directory } = await trainOnce(args, { cwd, env: { WANDB_API_KEY: 'a-secret-key' } }));
  });
  after(removeFolders);

  it('draws a run and prints where, and the same again once it was moved', async () => {
    const stdout = await bloomOutput(['plot', directory], { cwd });
    const paths = stdout.trimEnd().split('\n');
    expect(paths).to.have.length(17);
    for (const path of paths) expect(path.startsWith(directory) && existsSync(path), path).to.equal(true);
    const contents = paths.map((path) => readFileSync(path, 'base64'));

    renameSync(directory, join(cwd, 'moved'));
    // From another place too, on which default folders depend.
    const elsewhere = newFolder();
    const moved = await bloomOutput(['plot', join(cwd, 'moved')], { cwd: elsewhere });
    expect(
      moved
        .trimEnd()
        .split('\n')
        .map((path) => readFileSync(path, 'base64')),
    ).to.deep.equal(contents);
    renameSync(join(cwd, 'moved'), directory);
  });

  it('shows in the report what ran, without secrets', async () => {
    await bloomOutput(['plot', directory], { cwd });
    const page = readFileSync(join(directory, 'report.html'), 'utf8');
    const { accuracy } = JSON.parse(readFileSync(join(directory, 'summary.json'), 'utf8')) as {
      accuracy: number;
    };
    expect(page).to.include(`<dd>${accuracy.toFixed(4)}</dd>`);
    for (const option of ['n_workers', 'max_samples', 'n_epochs', 'seed'])
      expect(page).to.include(`<code>${option}</code>`);
    expect(page).not.to.include('a-secret-key');
  });

  for (const [what, damage, says] of [
    [
      'a run that did not finish',
      (run: string) => rmSync(join(run, 'summary.json')),
      /summary\.json.*finished run/,
    ],
    [
      'an evaluation cut short',
      (run: string) => truncateSync(join(run, 'evaluation.json'), 500),
      /evaluation\.json" is damaged.*not JSON.*Copy the run directory again/,
    ],
    [
      'a folder that is no run',
      (run: string) => rmSync(join(run, '.hydra'), { recursive: true }),
      /run directory/,
    ],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const copy = join(newFolder(), 'run');
      cpSync(directory, copy, { recursive: true });
      damage(copy);
      const { exitCode, stdout, stderr } = await bloom(['plot', copy], { cwd });
      expect(stderr).to.match(says);
      expectOneMessage(stderr);
      expect(stdout).to.equal('');
      expect(exitCode).to.equal(1);
    });
  }
});
