import { expect } from 'chai';
import { assignmentsOf, cellsOf, flagsOf, parseSweeps, refuseSweptFlags } from '../../../src/config/sweep.js';
import { configErrorOf } from '../../support/config_sources.js';

describe('parseSweeps', () => {
  it('reads a key and its values, as the key keeps them', () => {
    expect(
      parseSweeps([
        'n_workers=2, 8',
        'optimizer.head.lr=0.1,1e-3',
        'share_class_counts=true,false',
        'cut=3,pool1',
      ]),
    ).to.deep.equal([
      { key: 'n_workers', values: [2, 8] },
      { key: 'optimizer.head.lr', values: [0.1, 0.001] },
      { key: 'share_class_counts', values: [true, false] },
      { key: 'cut', values: ['3', 'pool1'] },
    ]);
  });

  it('takes semicolons between values that have commas, and an empty value where the key takes one', () => {
    expect(parseSweeps(['skip_visits=;0@0,1@1'])).to.deep.equal([
      { key: 'skip_visits', values: ['', '0@0,1@1'] },
    ]);
    expect(parseSweeps(['chaos=;kill=client0@step1'])[0].values).to.deep.equal(['', 'kill=client0@step1']);
  });

  for (const [what, texts, code, ...says] of [
    [
      'an unknown key',
      ['n_worker=2'],
      'ERR_CONFIG_KEY',
      '"n_worker" (from --sweep)',
      'Did you mean "n_workers"?',
    ],
    ['an empty list', ['cut='], 'ERR_SWEEP', 'an empty list', 'the name of a layer'],
    ['no list', ['cut'], 'ERR_SWEEP', '"cut"', 'KEY=VALUE,VALUE'],
    [
      'a wrong value',
      ['n_workers=2,two'],
      'ERR_CONFIG_VALUE',
      '"two"',
      '--sweep n_workers',
      'an integer of 1 or more',
    ],
    ['a value left out', ['n_workers=2,,8'], 'ERR_CONFIG_VALUE', '`n_workers` is ""'],
    ['a value twice', ['n_workers=2,2'], 'ERR_SWEEP', 'has 2 twice'],
    [
      'a key twice',
      ['n_workers=2', 'n_workers=8'],
      'ERR_SWEEP',
      '`n_workers` is swept twice',
      'in one `--sweep',
    ],
    ['a secret', ['wandb.key=a,b'], 'ERR_SWEEP', '`wandb.key` cannot be swept', 'never written'],
    ['the place of runs', ['output_dir=a,b'], 'ERR_SWEEP', '`output_dir` cannot be swept'],
  ] as const)
    it(`refuses ${what}`, () => {
      const error = configErrorOf(() => parseSweeps(texts));
      expect(error.code).to.equal(code);
      for (const text of says) expect(error.message).to.include(text);
    });
});

describe('cellsOf', () => {
  it('gives every choice, the last sweep changing fastest', () => {
    const sweeps = parseSweeps(['n_workers=2,8', 'cut=pool1,pool2']);
    expect(cellsOf(sweeps)).to.deep.equal([
      { n_workers: 2, cut: 'pool1' },
      { n_workers: 2, cut: 'pool2' },
      { n_workers: 8, cut: 'pool1' },
      { n_workers: 8, cut: 'pool2' },
    ]);
    expect(cellsOf([])).to.deep.equal([{}]);
  });
});

describe('settings', () => {
  it('become flags of train, empty values too', () => {
    expect(flagsOf({ n_workers: 2, 'optimizer.head.lr': 0.001, chaos: '', plots: false })).to.deep.equal([
      '--n-workers=2',
      '--optimizer-head-lr=0.001',
      '--chaos=',
      '--plots=false',
    ]);
  });

  it('become assignments that say where they are from', () => {
    const told = assignmentsOf({ n_workers: 2, seed: 1 }).map(({ key, value, source }) => [
      key.name,
      value,
      source,
    ]);
    expect(told).to.deep.equal([
      ['n_workers', 2, '--sweep n_workers'],
      ['seed', 1, '--seeds'],
    ]);
  });
});

describe('refuseSweptFlags', () => {
  it('refuses a key that is swept and given, under any of its names', () => {
    const sweeps = parseSweeps(['n_workers=2,8']);
    refuseSweptFlags(sweeps, ['cut']);
    expect(configErrorOf(() => refuseSweptFlags(sweeps, ['num-workers'])).message).to.include(
      '--num-workers',
    );
  });
});
