import { expect } from 'chai';
import { expectRefused, load } from '../../support/config_sources.js';

describe('contradictions', () => {
  const code = 'ERR_CONFIG_CONTRADICTION';

  it('local_epochs must divide n_epochs; the message tells where both are from', () => {
    expectRefused(
      { yaml: 'local_epochs: 2' },
      code,
      '`local_epochs` is 2 (from local_epochs in "',
      'run.yaml"',
      '`n_epochs`, 5 (from n_epochs in "',
      'base.yaml"',
    );
    expectRefused({ flags: { 'local-epochs': '6' } }, code, '6 (from --local-epochs)');
    expect(load({ env: { EPOCHS: '6' }, flags: { 'local-epochs': '3' } }).config.local_epochs).to.equal(3);
    expect(load({ flags: { 'local-epochs': '5' } }).config.local_epochs).to.equal(5);
  });

  it('micro_batches must not exceed batch_size', () => {
    const make = { MICRO_BATCHES: '5' };
    const flags = { 'batch-size': '4' };
    expectRefused({ make, flags }, code, '`micro_batches` is 5', '4 (from --batch-size)', 'Choose fewer');
    expect(load({ make: { MICRO_BATCHES: '4' }, flags }).config.micro_batches).to.equal(4);
  });

  it('n_workers must not exceed max_clients; the message tells the remedy', () => {
    expectRefused({ env: { WORKERS: '65' } }, code, '65 (from WORKERS)', '64 (from ', 'Raise `max_clients`');
    expectRefused({ flags: { 'max-clients': '3' } }, code, '`n_workers` is 4', '3 (from --max-clients)');
    expect(load({ env: { WORKERS: '64' } }).config.n_workers).to.equal(64);
    expect(load({ env: { WORKERS: '65' }, flags: { 'max-clients': '65' } }).config.n_workers).to.equal(65);
  });

  it('a forgetting matrix that is asked for needs class counts; auto and off do not ask', () => {
    for (const forgetting of ['every_visit', 'every_round']) {
      const flags = { forgetting, 'share-class-counts': 'false' };
      expectRefused(
        { flags },
        code,
        `\`forgetting\` is ${forgetting}`,
        '`share_class_counts` to true',
        'to off',
      );
    }
    for (const forgetting of ['auto', 'off'])
      expect(
        load({ flags: { forgetting, 'share-class-counts': 'false' } }).config.share_class_counts,
      ).to.equal(false);
  });

  interface Rule {
    readonly flags: Readonly<Record<string, string>>;
    readonly says: readonly string[];
    /** What may stay when the other side of the contradiction is gone. */
    readonly good: Readonly<Record<string, string>>;
  }
  const rules: Readonly<Record<string, Rule>> = {
    'local_epochs where nothing is shared': {
      flags: { mode: 'parallel', 'local-epochs': '5' },
      says: [
        '`local_epochs` is 5 (from --local-epochs)',
        '`mode` parallel (from --mode)',
        'Set `local_epochs` to 1',
      ],
      good: { mode: 'splitfed_v1', 'local-epochs': '5' },
    },
    'handoff where heads are averaged': {
      flags: { mode: 'splitfed_v2', handoff: 'weights' },
      says: [
        '`handoff` is weights (from --handoff)',
        '`mode` splitfed_v2 (from --mode)',
        'Leave `handoff` out',
        '`splitfed_optimizer`',
      ],
      good: { mode: 'sequential', handoff: 'weights' },
    },
    'handoff where nothing is shared': {
      flags: { mode: 'local', handoff: 'weights' },
      says: ['`handoff` is weights (from --handoff)', '`mode` local (from --mode)', 'Leave `handoff` out.'],
      good: { mode: 'local' },
    },
    'splitfed_optimizer where nothing is averaged': {
      flags: { mode: 'parallel', 'splitfed-optimizer': 'keep' },
      says: [
        '`splitfed_optimizer` is keep (from --splitfed-optimizer)',
        '`mode` parallel (from --mode)',
        'Leave `splitfed_optimizer` out',
        'splitfed_v1 or splitfed_v2',
      ],
      good: { mode: 'splitfed_v2', 'splitfed-optimizer': 'keep' },
    },
    'rows of their own where one process has all': {
      flags: { 'data-split': 'own' },
      says: ['`data_split` is own (from --data-split)', '`link` is threads', '`link` nats'],
      good: { 'data-split': 'own', link: 'nats', mode: 'splitfed_v1' },
    },
    'forgetting where every client has a head of its own': {
      flags: { mode: 'parallel', forgetting: 'every_round' },
      says: [
        '`forgetting` is every_round (from --forgetting)',
        '`mode` parallel (from --mode)',
        'Set `forgetting` to off',
      ],
      good: { mode: 'parallel', forgetting: 'off' },
    },
    'forgetting after every visit where visits go on side by side': {
      flags: { mode: 'splitfed_v1', forgetting: 'every_visit' },
      says: [
        '`forgetting` is every_visit (from --forgetting)',
        '`mode` splitfed_v1 (from --mode)',
        'Set `forgetting` to every_round',
      ],
      good: { mode: 'splitfed_v1', forgetting: 'every_round' },
    },
    'u_shaped where clients have the whole network': {
      flags: { mode: 'central', 'u-shaped': 'true' },
      says: ['`u_shaped` is true (from --u-shaped)', '`mode` central (from --mode)', 'Leave `u_shaped` out'],
      good: { mode: 'parallel', 'u-shaped': 'true' },
    },
    'cut_back without the U shape': {
      flags: { 'cut-back': 'fc1' },
      says: [
        '`cut_back` is fc1 (from --cut-back)',
        '`u_shaped` is false (from ',
        'Set `u_shaped` to true, or leave `cut_back` out',
      ],
      good: { 'cut-back': 'fc1', 'u-shaped': 'true' },
    },
    'client_fraction where all rows are in one place': {
      flags: { mode: 'central', 'client-fraction': '0.5' },
      says: [
        '`client_fraction` is 0.5 (from --client-fraction)',
        '`mode` central (from --mode)',
        'Leave `client_fraction` out',
      ],
      good: { mode: 'local', 'client-fraction': '0.5' },
    },
    'client_fraction that selects nobody': {
      flags: { 'client-fraction': '0.1', 'n-workers': '4' },
      says: [
        '`client_fraction` is 0.1 (from --client-fraction)',
        '4 clients (`n_workers`, from --n-workers)',
        'Raise it to 0.13 or more',
      ],
      good: { 'client-fraction': '0.25', 'n-workers': '4' },
    },
  };
  for (const [what, { flags, says, good }] of Object.entries(rules)) {
    it(`${what}: the message names keys, sources and remedy`, () => {
      expectRefused({ flags }, code, ...says);
      expect(() => load({ flags: good })).not.to.throw();
    });
  }

  it('the remedy for a client_fraction that selects nobody is one that does', () => {
    for (const numClients of [2, 3, 7, 13, 64]) {
      const flags = { 'client-fraction': '0.001', 'n-workers': String(numClients) };
      const { message } = expectRefused({ flags }, code, 'selects none');
      const [, wanted] = /to (\S+) or more/.exec(message) ?? [];
      expect(() => load({ flags: { ...flags, 'client-fraction': wanted } })).not.to.throw();
    }
  });

  it('parallel_training is another name of mode parallel, which `mode` must not contradict', () => {
    expect(load({ flags: { 'parallel-training': 'true' } }).config.mode).to.equal('parallel');
    const flags = { 'parallel-training': 'true', mode: 'local' };
    expectRefused(
      { flags },
      code,
      '`parallel_training` is true (from --parallel-training)',
      '`mode` is local (from --mode)',
      'Leave one of them out',
    );
    const both = { 'parallel-training': 'true', mode: 'parallel' };
    expect(load({ flags: both }).config.mode).to.equal('parallel');
  });
});
