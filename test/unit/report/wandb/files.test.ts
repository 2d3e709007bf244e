import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pictureValue, pngSize, readRunFiles, type RunFile } from '../../../../src/report/wandb/files.js';
import { addPlots, endRun, makeRun, png, removeRuns } from '../../../support/wandb_run.js';

describe('files that go along with a run', () => {
  after(removeRuns);

  async function filesOf(directory: string): Promise<RunFile[]> {
    const files: RunFile[] = [];
    for await (const file of readRunFiles(directory)) files.push(file);
    return files;
  }

  it('are the pictures, and the tests in full', async () => {
    const directory = makeRun(0);
    endRun(directory);
    addPlots(directory, ['loss.png', 'accuracy.png']);
    writeFileSync(join(directory, 'plots', 'loss.svg'), '<svg/>');
    writeFileSync(join(directory, 'plots', 'torn.png'), png().subarray(0, 20));
    const files = await filesOf(directory);
    const sha256 = createHash('sha256').update(png()).digest('hex');
    expect(files.map(({ name }) => name)).to.deep.equal([
      'plots/accuracy.png',
      'plots/loss.png',
      'evaluation.json',
    ]);
    expect(files.map(({ remoteName }) => remoteName)).to.deep.equal([
      `media/images/plots/accuracy_${sha256.slice(0, 20)}.png`,
      `media/images/plots/loss_${sha256.slice(0, 20)}.png`,
      'evaluation.json',
    ]);
    expect(pictureValue(files[1])).to.deep.equal({
      _type: 'image-file',
      path: `media/images/plots/loss_${sha256.slice(0, 20)}.png`,
      sha256,
      size: 68,
      format: 'png',
      width: 3,
      height: 2,
    });
  });

  it('are none where there are none', async () => {
    expect(await filesOf(makeRun(0))).to.deep.equal([]);
  });

  it('have no size where they are no PNG', () => {
    expect(pngSize(new Uint8Array(png()))).to.deep.equal({ width: 3, height: 2 });
    for (const bytes of [new Uint8Array(), new Uint8Array(100), new Uint8Array(png().subarray(0, 23))])
      expect(pngSize(bytes)).to.equal(null);
  });
});
