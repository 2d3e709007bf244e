import { expect } from 'chai';
import { expectRefused, load, type Said } from '../../support/config_sources.js';

/** Said in one place, and how the message must name that place. */
type Case = readonly [said: Said, source: string];

const wrong: readonly {
  key: string;
  expected: string;
  cases: readonly Case[];
}[] = [
  {
    key: 'n_workers',
    expected: 'an integer of 1 or more',
    cases: [
      [{ yaml: "n_workers: '4'" }, 'n_workers in "'],
      [{ yaml: 'n_workers: 0' }, 'n_workers in "'],
      [{ yaml: 'n_workers: 2.5' }, 'run.yaml"'],
      [{ yaml: 'n_workers: .nan' }, 'run.yaml"'],
      [{ yaml: 'n_workers:' }, 'run.yaml"'],
      [{ yaml: 'n_workers: [4]' }, 'run.yaml"'],
      [{ yaml: 'n_workers: { a: 4 }' }, 'run.yaml"'],
      [{ env: { WORKERS: 'four' } }, 'WORKERS'],
      [{ env: { BLOOM_N_WORKERS: '0' } }, 'BLOOM_N_WORKERS'],
      [{ flags: { 'n-workers': '' } }, '--n-workers'],
      [{ flags: { 'num-workers': '-1' } }, '--num-workers'],
      [{ flags: { 'n-workers': '1e999' } }, '--n-workers'],
      [{ make: { WORKERS: '0x4' } }, 'make WORKERS=...'],
      [{ make: { N_WORKERS: '' } }, 'make N_WORKERS=...'],
    ],
  },
  {
    key: 'optimizer.head.momentum',
    expected: 'a number from 0 up to, not including, 1',
    cases: [
      [{ yaml: 'optimizer: { head: { momentum: 1 } }' }, 'optimizer.head.momentum in "'],
      [{ yaml: 'optimizer.head.momentum: high' }, 'optimizer.head.momentum in "'],
      [{ env: { BLOOM_OPTIMIZER_HEAD_MOMENTUM: 'nan' } }, 'BLOOM_OPTIMIZER_HEAD_MOMENTUM'],
      [{ flags: { 'optimizer-head-momentum': '-0.1' } }, '--optimizer-head-momentum'],
      [{ make: { OPTIMIZER_HEAD_MOMENTUM: '1.0' } }, 'make OPTIMIZER_HEAD_MOMENTUM=...'],
    ],
  },
  {
    key: 'handoff',
    expected: 'one of weights_and_optimizer, weights',
    cases: [
      [{ yaml: 'handoff: 1' }, 'handoff in "'],
      [{ env: { BLOOM_HANDOFF: 'Weights' } }, 'BLOOM_HANDOFF'],
      [{ flags: { handoff: 'none' } }, '--handoff'],
      [{ make: { HANDOFF: 'none' } }, 'make HANDOFF=...'],
    ],
  },
  {
    key: 'wandb.track',
    expected: 'true or false',
    cases: [
      [{ yaml: 'wandb: { track: yes }' }, 'wandb.track in "'],
      [{ env: { BLOOM_WANDB_TRACK: '1' } }, 'BLOOM_WANDB_TRACK'],
      [{ flags: { 'wandb-track': 'on' } }, '--wandb-track'],
      [{ make: { WANDB_TRACK: 'TRUE' } }, 'make WANDB_TRACK=...'],
    ],
  },
  {
    key: 'n_threads',
    expected: '"auto" or an integer from 1 to 1024',
    cases: [
      [{ yaml: 'n_threads: all' }, 'n_threads in "'],
      [{ flags: { 'n-threads': '1025' } }, '--n-threads'],
    ],
  },
  {
    key: 'output_dir',
    expected: 'text that is not empty',
    cases: [
      [{ yaml: "output_dir: ''" }, 'output_dir in "'],
      [{ yaml: 'output_dir: 2026' }, 'output_dir in "'],
      [{ make: { OUTPUT_DIR: '' } }, 'make OUTPUT_DIR=...'],
    ],
  },
];

describe('a value that its key does not take', () => {
  for (const { key, expected, cases } of wrong) {
    for (const [said, source] of cases) {
      it(`is refused, naming key, source and what was expected: ${JSON.stringify(said)}`, () => {
        const error = expectRefused(
          said,
          'ERR_CONFIG_VALUE',
          `\`${key}\` is `,
          source,
          `but ${expected} was`,
        );
        expect(error.details).to.have.property('key', key);
        expect(error.details.source).to.be.a('string').that.includes(source);
        expect(error.message).to.not.include('\n');
      });
    }
  }

  it('is refused also where a later source would win over it', () => {
    const said = { yaml: 'n_workers: none', flags: { 'n-workers': '3' } };
    expectRefused(said, 'ERR_CONFIG_VALUE', '"none"', 'run.yaml');
  });
});

describe('two names of one key in one place', () => {
  const disagreeing: readonly (readonly [Said, ...string[]])[] = [
    [{ env: { WORKERS: '3', BLOOM_N_WORKERS: '2' } }, 'WORKERS says 3', 'BLOOM_N_WORKERS says 2'],
    [{ flags: { 'n-workers': '3', 'num-workers': '2' } }, '--n-workers says 3', '--num-workers says 2'],
    [{ flags: { 'n-workers': ['3', '2'] } }, '--n-workers says 3', '--n-workers says 2'],
    [{ yaml: 'optimizer: { head: { lr: 3 } }\noptimizer.head.lr: 2' }, 'says 3', 'says 2', 'run.yaml'],
    [{ yaml: 'optimizer: { head.lr: 3, head: { lr: 2 } }' }, 'says 3', 'says 2', 'optimizer.head.lr in "'],
    [{ make: { WORKERS: '3', N_WORKERS: '2' } }, 'make WORKERS=... says 3', 'make N_WORKERS=... says 2'],
    [
      { make: { WORKERS: '3' }, flags: { 'n-workers': '2' } },
      'make WORKERS=... says 3',
      '--n-workers says 2',
    ],
  ];
  for (const [said, ...texts] of disagreeing) {
    it(`are refused where they disagree: ${JSON.stringify(said)}`, () => {
      expectRefused(said, 'ERR_CONFIG_TWO_NAMES', 'twice', ...texts);
    });
  }

  it('are accepted where they agree', () => {
    for (const said of [
      { env: { WORKERS: '3', BLOOM_N_WORKERS: '3.0' } },
      { flags: { 'n-workers': ['3', '3'], 'num-workers': '3' } },
      { yaml: 'n_workers: 3' },
      { make: { WORKERS: '3', N_WORKERS: '3' }, flags: { 'n-workers': '3' } },
    ])
      expect(load(said).config.n_workers).to.equal(3);
    const yaml = 'optimizer: { head: { lr: 3 } }\noptimizer.head.lr: 3';
    expect(load({ yaml }).config.optimizer.head.lr).to.equal(3);
  });

  it('are no matter across places: the later one wins', () => {
    const said = { yaml: 'n_workers: 2', env: { WORKERS: '3' }, flags: { 'num-workers': '5' } };
    expect(load(said).config.n_workers).to.equal(5);
  });
});
