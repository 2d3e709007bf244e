import { expect } from 'chai';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, StorageError } from '../../../../src/core/errors.js';
import { drawRun } from '../../../../src/report/page/draw_run.js';
import { madeRun, writeRun } from '../../../support/plots_run.js';

describe('drawRun', () => {
  const run = madeRun({ numClients: 2, numRounds: 2 });
  let folder: string;
  let directory: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bloom-split-page-'));
    directory = join(folder, 'run');
    writeRun(directory, run);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('writes every plot twice and the report, and leaves nothing else', async () => {
    const { paths, plots } = await drawRun(directory, run.options, run.scheme);
    expect(plots).to.have.length(8);
    expect(paths).to.have.length(2 * 8 + 1);
    expect(paths.at(-1)).to.equal(join(directory, 'report.html'));
    expect(
      readdirSync(join(directory, 'plots')).map((name) => join(directory, 'plots', name)),
    ).to.have.members(paths.slice(0, -1));
    expect(readdirSync(directory)).to.have.members([
      '.hydra',
      'evaluation.json',
      'metrics.jsonl',
      'plots',
      'report.html',
      'summary.json',
    ]);
  });

  it('names in the report the files that are there', async () => {
    writeFileSync(join(directory, 'run.log'), '');
    await drawRun(directory, run.options, run.scheme);
    const page = readFileSync(join(directory, 'report.html'), 'utf8');
    const links = [...page.matchAll(/<a href="([^"]*)"/g)].map(([, path]) => path);
    expect(links).to.deep.equal([
      'summary.json',
      'evaluation.json',
      'metrics.jsonl',
      'run.log',
      '.hydra/config.yaml',
      '.hydra/overrides.yaml',
      'plots/',
    ]);
  });

  it('writes the same bytes again, also of a run that was moved', async () => {
    const bytes = async (at: string) =>
      (await drawRun(at, run.options, run.scheme)).paths.map((path) => readFileSync(path, 'base64'));
    const first = await bytes(directory);
    expect(await bytes(directory)).to.deep.equal(first);
    const moved = join(folder, 'moved');
    renameSync(directory, moved);
    expect(await bytes(moved)).to.deep.equal(first);
  });

  it('writes nothing of a run that it cannot read', async () => {
    rmSync(join(directory, 'evaluation.json'));
    expect(await failure(drawRun(directory, run.options, run.scheme))).to.be.instanceOf(DataError);
    expect(readdirSync(directory)).not.to.include('plots');
  });

  it('says what it cannot write', async () => {
    writeFileSync(join(directory, 'plots'), 'a file where a folder is due');
    const error = await failure(drawRun(directory, run.options, run.scheme));
    expect(error).to.be.instanceOf(StorageError);
    expect((error as Error).message).to.include(join(directory, 'plots', 'loss.svg'));
  });
});

function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}
