import { expect } from 'chai';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bloom, bloomOutput, newFolder, readJson, removeFolders, repoRoot } from '../support/e2e_command.js';

const fixture = (name: string) => join(repoRoot, 'test', 'fixtures', name);

describe('verify', () => {
  after(removeFolders);

  it('compares split with unsplit training, for each optimiser and hand-over, and says that all is well', async () => {
    const lines = linesOf(await bloomOutput(['verify'], { cwd: newFolder() }));
    expect(lines[0]).to.match(/^lenet: split \(3 clients on 2 threads\) against unsplit/);
    const comparisons = lines.slice(1, -1);
    for (const line of comparisons)
      expect(line).to.match(/^ {2}\d\.\de[+-]\d+ {2}\(at most 1e-[456]\) {2}ok {2}/);
    const subjects = comparisons.map((line) => line.split('  ok  ')[1]);
    const expected = ['sgd', 'adam'].flatMap((optimizer) =>
      ['weights_and_optimizer', 'weights'].flatMap((handoff) =>
        ['loss (relative)', 'head weight', 'tail weight'].map(
          (what) => `${optimizer}, ${handoff}, 36 batches: ${what}`,
        ),
      ),
    );
    expect(subjects.toSorted()).to.deep.equal(expected.toSorted());
    expect(lines.at(-1)).to.equal('all 12 comparisons are within their tolerances');
  });

  it('takes another cut', async () => {
    const args = ['verify', '--model', 'lenet', '--cut', 'fc1'];
    const lines = linesOf(await bloomOutput(args, { cwd: newFolder() }));
    expect(lines[0]).to.match(/^lenet: /);
    expect(lines.at(-1)).to.equal('all 12 comparisons are within their tolerances');
  });

  it('--trajectory replays recorded trainings, several in one call', async () => {
    const prefixes = ['lenet_mnist_sgd_2w', 'femnist_cnn_adam_2w_fresh'].map(fixture);
    const stdout = await bloomOutput(['verify', '--trajectory', ...prefixes], { cwd: newFolder() });
    expect(stdout).to.match(/^lenet_mnist_sgd_2w: lenet, sgd, 2 clients, weights_and_optimizer$/m);
    expect(stdout).to.match(/^femnist_cnn_adam_2w_fresh: femnist_cnn, adam, 2 clients, weights$/m);
    for (const subject of ['losses', 'first activations', 'first cut gradients', 'final head.conv1.weight'])
      expect(
        linesOf(stdout).filter((line) => line.includes(`  ok  `) && line.includes(subject)),
      ).to.have.length(2);
    // Losses, activations and gradients; then 10 parameters of lenet, and 6 of femnist_cnn.
    expect(linesOf(stdout).at(-1)).to.equal(`all ${3 + 10 + 3 + 6} comparisons are within their tolerances`);
  });

  it('--trajectory with one recorded loss changed says which comparison failed, and fails', async () => {
    const cwd = copyTrajectory((losses) => losses.with(5, losses[5] * 1.001));
    const { exitCode, stdout, stderr } = await bloom(['verify', '--trajectory', 'changed'], { cwd });
    const failed = linesOf(stdout).filter((line) => !line.includes('  ok  ') && line.startsWith('  '));
    expect(failed).to.have.length(1);
    expect(failed[0]).to.match(/TOO LARGE {2}12 losses/);
    expect(stderr).to.match(/^error: 1 of 13 comparisons are above their tolerance, first "12 losses.*"/);
    expect(stdout).not.to.include('are within their tolerances');
    expect(exitCode).to.equal(1);
  });

  it('--trajectory with the recorded losses as they were passes as a copy too', async () => {
    const cwd = copyTrajectory((losses) => losses);
    const stdout = await bloomOutput(['verify', '--trajectory', 'changed'], { cwd });
    expect(linesOf(stdout).at(-1)).to.equal('all 13 comparisons are within their tolerances');
  });
});

/** A folder with a recorded training named `changed`, its losses changed. */
function copyTrajectory(change: (losses: number[]) => number[]): string {
  const cwd = newFolder();
  const recorded = readJson(fixture('lenet_mnist_sgd_2w.json'));
  const changed = { ...recorded, losses: change(recorded.losses as number[]) };
  writeFileSync(join(cwd, 'changed.json'), JSON.stringify(changed));
  copyFileSync(fixture('lenet_mnist_sgd_2w.safetensors'), join(cwd, 'changed.safetensors'));
  return cwd;
}

function linesOf(stdout: string): string[] {
  return stdout.trimEnd().split('\n');
}
