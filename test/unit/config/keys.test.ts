import { expect } from 'chai';
import { join, resolve } from 'node:path';
import { keys, type Key } from '../../../src/config/keys.js';
import { packageRoot } from '../../../src/config/load.js';
import { readYaml } from '../../../src/config/sources.js';

/** A folder is kept with its whole path. */
const keptDefault = (key: Key) => (key.name === 'datasets_dir' ? resolve('datasets') : key.default);
const keyOf = (name: string) => keys.find((key) => key.name === name)!;

describe('keys of the configuration', () => {
  for (const key of keys) {
    it(`${key.name} has a doc, and a default that its own format takes and keeps`, () => {
      const { doc, format, isSensitive } = key;
      expect(doc).to.match(/^[A-Z].*\.$|^[A-Z].*\)\.?$/);
      expect(format.expected).to.not.equal('');
      expect(format.isValid(key.default)).to.equal(true);
      const kept = keptDefault(key);
      expect(format.normalise ? format.normalise(kept) : kept, 'kept as it is').to.equal(kept);
      expect(format.fromText(String(key.default)), 'the default written as text').to.equal(key.default);
      if (isSensitive) expect(key.default).to.equal('');
    });
  }

  it('config/base.yaml holds every one, except sensitive ones, with its default', () => {
    const base = readYaml(join(packageRoot(), 'config', 'base.yaml'));
    const said = base.map(({ key, value }) => [key.name, value]);
    const expected = keys
      .filter(({ isSensitive }) => !isSensitive)
      .map((key) => [key.name, keptDefault(key)]);
    expect(said).to.deep.equal(expected);
  });

  it('have one name in the environment and one as a flag, made from their own, and some a short one', () => {
    expect(keyOf('optimizer.head.weight_decay')).to.deep.include({
      envNames: ['BLOOM_OPTIMIZER_HEAD_WEIGHT_DECAY'],
      flagNames: ['optimizer-head-weight-decay'],
    });
    expect(keyOf('n_workers')).to.deep.include({
      envNames: ['BLOOM_N_WORKERS', 'WORKERS'],
      flagNames: ['n-workers', 'num-workers'],
    });
  });

  it('never share a name', () => {
    for (const names of [
      keys.map(({ name }) => name),
      keys.flatMap(({ envNames }) => envNames),
      keys.flatMap(({ flagNames }) => flagNames),
    ])
      expect(new Set(names).size).to.equal(names.length);
  });

  it('are read without the prefix only under these names', () => {
    const short = keys.flatMap(({ envNames }) => envNames).filter((name) => !name.startsWith('BLOOM_'));
    expect(short.sort()).to.deep.equal([
      'DATASET',
      'DATA_DIR',
      'ENGINE',
      'EPOCHS',
      'WANDB_API_KEY',
      'WANDB_BASE_URL',
      'WANDB_ENTITY',
      'WANDB_MODE',
      'WANDB_PROJECT',
      'WANDB_RUN_GROUP',
      'WORKERS',
    ]);
  });

  it('are sensitive where they hold a secret', () => {
    expect(keys.filter(({ isSensitive }) => isSensitive).map(({ name }) => name)).to.deep.equal([
      'wandb.key',
    ]);
  });
});
