import { expect } from 'chai';
import { estimateOf } from '../../../../src/cli/compare/estimate.js';
import { planComparison } from '../../../../src/cli/compare/plan_comparison.js';
import { planRun } from '../../../../src/cli/plan.js';
import { configFrom } from '../../../../src/config/load.js';
import { parseSweeps } from '../../../../src/config/sweep.js';
import { ConfigError } from '../../../../src/core/errors.js';
import { noProgress } from '../../../../src/core/progress.js';
import { rejection } from '../../../support/link_errors.js';

const plan = (sweeps: readonly string[], { flags = {}, numSeeds = 1 }: Said = {}) =>
  planComparison(
    {
      sources: {
        flags: new Map(
          Object.entries({ 'max-samples': '60', ...flags }).map(([name, value]) => [name, [value]]),
        ),
        makeNames: [],
      },
      sweeps: parseSweeps(sweeps),
      numSeeds,
      order: 'given',
    },
    noProgress,
  );

interface Said {
  readonly flags?: Readonly<Record<string, string>>;
  readonly numSeeds?: number;
}

describe('planComparison', () => {
  it('has a run of its own for every cell and seed, from `seed` on', async () => {
    const { comparison } = await plan(['n_workers=2,3'], { flags: { seed: '5' }, numSeeds: 2 });
    expect(comparison.seeds).to.deep.equal([5, 6]);
    expect(comparison.cells.flatMap(({ runs }) => runs.map(({ directory }) => directory))).to.deep.equal([
      'runs/01_n_workers-2_seed-5',
      'runs/01_n_workers-2_seed-6',
      'runs/02_n_workers-3_seed-5',
      'runs/02_n_workers-3_seed-6',
    ]);
    for (const { runs } of comparison.cells)
      for (const { status } of runs) expect(status).to.equal('waiting');
  });

  it('takes the seeds from a sweep of them', async () => {
    const { comparison } = await plan(['seed=3,9']);
    expect(comparison.seeds).to.deep.equal([3, 9]);
  });

  it('gives folders names that any file system takes', async () => {
    const { comparison } = await plan(['chaos=;slow=client0:1ms']);
    expect(comparison.cells[1].runs[0].directory).to.equal('runs/02_chaos-slow-client0-1ms_seed-0');
  });

  it('skips cells whose options contradict each other or the data, with the reason', async () => {
    const { comparison, common } = await plan(['n_epochs=1,2', 'local_epochs=2,1', 'cut=pool1,nope']);
    const why = comparison.cells.map(({ why_skipped }) => why_skipped);
    expect(why.map((reason) => reason === null)).to.deep.equal([
      ...[false, false, true, false],
      ...[true, false, true, false],
    ]);
    expect(why[0])
      .to.include('`local_epochs` is 2 (from --sweep local_epochs)')
      .and.include('Choose a divisor');
    expect(why[3]).to.include('`cut` is "nope"');
    expect(comparison.cells[0]).to.deep.include({ runs: [], estimate: null });
    // Of the first cell that can run.
    expect(common.config).to.include({ n_epochs: 1, local_epochs: 1, cut: 'pool1' });
  });

  it('refuses where no cell can run, and names the first reason', async () => {
    const all = await rejection(plan(['cut=nope,never']), ConfigError, 'ERR_NO_CELL');
    expect(all.message).to.match(/^None of the 2 cells of this comparison can be run\. `cut` is "nope"/);
    const one = await rejection(plan(['cut=nope']), ConfigError, 'ERR_NO_CELL');
    expect(one.message).to.match(/^The only cell of this comparison cannot be run\. /);
  });

  it('refuses an unknown flag at once', async () => {
    await rejection(plan(['n_workers=2'], { flags: { typo: '1' } }), ConfigError, 'ERR_CONFIG_KEY');
  });
});

describe('estimateOf', () => {
  const estimate = async (options: object) => {
    const { config } = configFrom({ max_samples: 60, ...options });
    return estimateOf(config, await planRun(config));
  };

  it('is rows trained times multiplications of a forward pass', async () => {
    // LeNet on 32x32: conv1 28*28*6*25, conv2 10*10*16*6*25, then 400*120 + 120*84 + 84*10.
    const perRow = 117_600 + 240_000 + 48_000 + 10_080 + 840;
    expect(await estimate({ n_epochs: 3 })).to.equal(60 * 3 * perRow);
    expect(await estimate({ n_epochs: 3, batch_size: 10, max_steps: 4 })).to.equal(40 * perRow);
  });
});
