import { expect } from 'chai';
import { configFrom, configFromFile, loadConfig } from '../../../src/config/load.js';
import { configErrorOf, load, withEnvironment, withFile } from '../../support/config_sources.js';

describe('loadConfig', () => {
  it('gives the defaults where nothing is said', () => {
    expect(load({})).to.deep.equal({ config: configFrom({}).config, overrides: [], fromEnvironment: [] });
    expect(load({}).config).to.deep.include({ n_epochs: 5, n_workers: 4, cut: 'default', n_threads: 'auto' });
  });

  it('lets the file win over config/base.yaml, the environment over the file, flags over all', () => {
    const yaml = 'n_epochs: 10\nn_workers: 10\nseed: 10\n';
    const env = { BLOOM_N_WORKERS: '20', BLOOM_SEED: '20' };
    expect(load({ yaml, env, flags: { seed: '30' } }).config).to.deep.include({
      local_epochs: 1,
      n_epochs: 10,
      n_workers: 20,
      seed: 30,
    });
    expect(load({ env, flags: { seed: '30' } }).config).to.include({ n_epochs: 5, n_workers: 20, seed: 30 });
    expect(load({ yaml, flags: { seed: '30' } }).config).to.include({ n_workers: 10, seed: 30 });
  });

  it('a section in the file changes only what it names', () => {
    const { optimizer } = load({ yaml: 'optimizer: { head: { name: adam, lr: 0.001 } }' }).config;
    expect(optimizer.head).to.deep.equal({ ...optimizer.tail, name: 'adam', lr: 0.001 });
    expect(optimizer.tail).to.include({ name: 'sgd', lr: 0.01 });
  });

  it('lists what differs from the defaults, the last value of each', () => {
    const yaml = 'n_workers: 3\nbatch_size: 32\noptimizer: { tail: { lr: 0.1 } }\n';
    expect(load({ yaml, flags: { 'n-workers': '2' } }).overrides).to.have.members([
      'n_workers=2',
      'optimizer.tail.lr=0.1',
    ]);
  });

  it('lists the values that the environment decided, under the name that the user set', () => {
    const env = { WORKERS: '2', BLOOM_SEED: '7', EPOCHS: '3', WANDB_API_KEY: 'abc' };
    expect(
      load({ env, yaml: 'model: lenet', flags: { 'n-epochs': '4' } }).fromEnvironment,
    ).to.have.deep.members([
      { key: 'n_workers', variable: 'WORKERS', value: '2' },
      { key: 'seed', variable: 'BLOOM_SEED', value: '7' },
      { key: 'wandb.key', variable: 'WANDB_API_KEY', value: '(set)' },
    ]);
  });

  it('lets what was given to make win over the environment, without taking it for part of it', () => {
    const env = { BLOOM_N_WORKERS: '5', WORKERS: '5', BLOOM_SEED: '5' };
    const { config, fromEnvironment } = load({ env, make: { N_WORKERS: '3' } });
    expect(config).to.include({ n_workers: 3, seed: 5 });
    expect(fromEnvironment.map(({ key }) => key)).to.deep.equal(['seed']);
    // Make exports WORKERS=3 over the user's own WORKERS; it still must not be compared with BLOOM_N_WORKERS.
    expect(load({ env, make: { WORKERS: '3' } }).config.n_workers).to.equal(3);
    expect(load({ env: { WORKERS: '6' } }).config.n_workers, 'the same variable, not from make').to.equal(6);
  });

  it('is frozen to the ground', () => {
    const { config } = load({});
    for (const part of [config, config.optimizer, config.optimizer.head, config.wandb])
      expect(Object.isFrozen(part)).to.equal(true);
    expect(() => Object.assign(config.optimizer.tail, { lr: 1 })).to.throw(TypeError);
    expect(load({}).config.optimizer.tail.lr).to.equal(0.01);
  });

  it('reads neither arguments nor the environment behind our back', () => {
    const argv = process.argv;
    process.argv = [...argv, '--n_workers=9', '--n_workers', '9'];
    try {
      expect(load({ env: { n_workers: '9', N_WORKERS: '9' } }).config.n_workers).to.equal(4);
    } finally {
      process.argv = argv;
    }
  });
});

describe('configFrom and configFromFile', () => {
  it('take nested and dotted options over the defaults, and nothing from the environment', () => {
    const env = { BLOOM_N_WORKERS: '9', BLOOM_TYPO: '1' };
    const options = { seed: 3, optimizer: { head: { lr: 0.5 } }, 'optimizer.tail.lr': 0.25, cut: 3 };
    const { config, overrides, fromEnvironment } = withEnvironment(env, () => configFrom(options));
    expect(config).to.include({ seed: 3, n_workers: 4, cut: '3' });
    expect([config.optimizer.head.lr, config.optimizer.tail.lr]).to.deep.equal([0.5, 0.25]);
    expect(overrides).to.include('optimizer.tail.lr=0.25');
    expect(fromEnvironment).to.deep.equal([]);
    const fromFile = () => withFile('seed: 3', (path) => configFromFile(path).config);
    expect(withEnvironment(env, fromFile)).to.deep.equal(configFrom({ seed: 3 }).config);
  });

  it('refuse what they do not know and what is wrong, whatever a program passes', () => {
    expect(configErrorOf(() => configFrom({ n_worker: 3 })).message).to.include('"n_workers"');
    const circular: unknown[] = [];
    circular.push(circular);
    for (const value of ['3', undefined, null, NaN, 3n, circular, () => 3, Symbol('3'), new Map()]) {
      const error = configErrorOf(() => configFrom({ n_workers: value }));
      expect(error.code).to.equal('ERR_CONFIG_VALUE');
      expect(error.message).to.match(
        /^`n_workers` is \S.* \(from n_workers in the options\), but an integer/,
      );
    }
    expect(configErrorOf(() => configFrom({ local_epochs: 2 })).message).to.include('5 (from its default)');
  });

  it('loadConfig refuses a file that is not there', () => {
    const sources = { file: '/nowhere/run.yaml', flags: new Map<string, string[]>(), makeNames: [] };
    const error = configErrorOf(() => withEnvironment({}, () => loadConfig(sources)));
    expect(error).to.deep.include({ code: 'ERR_CONFIG_FILE', details: { path: '/nowhere/run.yaml' } });
    expect(error.message).to.include('"/nowhere/run.yaml"').and.include('ENOENT').and.include('--config');
  });
});
