import { expect } from 'chai';
import { dirname } from 'node:path';
import { configFromFile } from '../../../src/config/load.js';
import { configErrorOf, expectRefused, load, withFile } from '../../support/config_sources.js';

describe('unknown names', () => {
  const code = 'ERR_CONFIG_KEY';

  it('in YAML: the message has the whole name, the file, and the nearest key', () => {
    expectRefused({ yaml: 'n_worker: 3' }, code, '"n_worker"', 'run.yaml"', 'Did you mean "n_workers"?');
    expectRefused(
      { yaml: 'optimizer: { head: { lrr: 1 } }' },
      code,
      '"optimizer.head.lrr"',
      'Did you mean "optimizer.head.lr"?',
    );
    expectRefused({ yaml: 'optimizer.head.momentun: 1' }, code, 'Did you mean "optimizer.head.momentum"?');
    expectRefused({ yaml: 'optimizer: { body: { lr: 1 } }' }, code, '"optimizer.body"');
    expectRefused({ yaml: 'optimizer: sgd' }, code, '"optimizer"', '--help');
    expectRefused({ yaml: '7: 1' }, code, '"7"');
  });

  it('in the environment, as a flag, for make', () => {
    expectRefused(
      { env: { BLOOM_N_WORKRES: '3' } },
      code,
      '"BLOOM_N_WORKRES" (from the environment)',
      'Did you mean "BLOOM_N_WORKERS"?',
      'Unset it',
    );
    expectRefused(
      { flags: { 'n-worker': '3' } },
      code,
      '"--n-worker" (from the command line)',
      'Did you mean "--n-workers"?',
    );
    expectRefused(
      { make: { WORKRES: '3' } },
      code,
      '"WORKRES" (from make WORKRES=...)',
      'Did you mean "WORKERS"?',
    );
    // The prefix belongs to the full name alone, and capitals matter in the environment.
    expectRefused({ make: { BLOOM_WORKERS: '3' } }, code, '"BLOOM_WORKERS"');
    expectRefused({ env: { BLOOM_seed: '3' } }, code, '"BLOOM_seed"');
  });

  it('far from every key get no suggestion', () => {
    for (const said of [
      { yaml: 'unheard_of_thing: 1' },
      { env: { BLOOM_UNHEARD_OF_THING: '1' } },
      { flags: { 'unheard-of-thing': '1' } },
      { make: { UNHEARD_OF_THING: '1' } },
    ])
      expect(expectRefused(said, code).message).to.not.include('Did you mean');
  });

  it('of object prototypes are unknown like others, and do no harm', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expectRefused({ yaml: `${name}: { n_workers: 1 }` }, code, `"${name}"`);
      expectRefused({ yaml: `optimizer: { ${name}: { lr: 1 } }` }, code, `"optimizer.${name}"`);
      expectRefused({ flags: { [name]: '1' } }, code, `"--${name}"`);
    }
    expectRefused({ yaml: '__proto__: { polluted: true }' }, code);
    expect('polluted' in {}).to.equal(false);
  });
});

describe('a YAML file', () => {
  it('may be empty, or hold comments only', () => {
    for (const yaml of ['', '\n', '# nothing\n', '---\n', '\ufeffseed: 0'])
      expect(load({ yaml }).config).to.deep.equal(load({}).config);
  });

  it('may use anchors, dots and merge of styles', () => {
    const yaml = 'optimizer:\n  head: &same { name: adam, lr: 0.001 }\n  tail: *same\nwandb.mode: offline\n';
    const { optimizer, wandb } = load({ yaml }).config;
    expect(optimizer.tail).to.deep.equal(optimizer.head);
    expect(wandb.mode).to.equal('offline');
  });

  it('with a fault in its syntax is refused with the place of the fault', () => {
    const code = 'ERR_CONFIG_FILE';
    expectRefused({ yaml: 'seed: 1\nmodel: [lenet' }, code, 'run.yaml" is not YAML', 'at line 2, column');
    expectRefused({ yaml: 'seed: 1\n\tmodel: x' }, code, 'tab as indent at line 2, column 1');
    expectRefused({ yaml: 'seed: 1\nseed: 1' }, code, 'duplicate key at line 2, column 1');
    expectRefused({ yaml: 'seed: 1\n---\nseed: 2' }, code, 'multiple docs');
    expectRefused({ yaml: `seed: ${'['.repeat(2000)}` }, code, 'at line 1');
  });

  it('with aliases that lead nowhere or explode is refused', () => {
    expectRefused({ yaml: 'seed: *nowhere' }, 'ERR_CONFIG_FILE', 'alias');
    const levels = Array.from({ length: 12 }, (_, level) => {
      const items = Array<string>(9).fill(level === 0 ? '1' : `*l${level - 1}`);
      return `l${level}: &l${level} [${items.join(', ')}]`;
    });
    expectRefused({ yaml: levels.join('\n') }, 'ERR_CONFIG_FILE', 'alias', 'too many');
    expectRefused({ yaml: 'seed: &loop [*loop]' }, 'ERR_CONFIG_VALUE', '`seed`');
  });

  it('that is no mapping is refused', () => {
    for (const yaml of ['- seed: 1', 'seed', '42', '[seed]'])
      expectRefused({ yaml }, 'ERR_CONFIG_FILE', 'run.yaml" should be a YAML mapping');
  });

  it('that is a folder is refused', () => {
    withFile('', (path) => {
      const error = configErrorOf(() => configFromFile(dirname(path)));
      expect(error).to.include({ code: 'ERR_CONFIG_FILE' });
      expect(error.message).to.include('EISDIR');
    });
  });
});

describe('the environment', () => {
  it('is read under the short names too', () => {
    const env = {
      WORKERS: '2',
      EPOCHS: '3',
      DATASET: 'mnist',
      DATA_DIR: '/data',
      ENGINE: 'onnxruntime',
      WANDB_API_KEY: 'k',
      WANDB_MODE: 'offline',
      WANDB_PROJECT: 'p',
      WANDB_ENTITY: 'e',
      WANDB_RUN_GROUP: 'g',
      WANDB_BASE_URL: 'http://wandb.test',
    };
    const { config, fromEnvironment } = load({ env });
    expect(config).to.include({ n_workers: 2, n_epochs: 3, data_dir: '/data' });
    expect(config.wandb).to.deep.equal({
      track: false,
      key: 'k',
      mode: 'offline',
      project: 'p',
      entity: 'e',
      group: 'g',
      base_url: 'http://wandb.test',
    });
    expect(fromEnvironment.map(({ variable }) => variable)).to.have.members(Object.keys(env));
  });

  it('of other programs is left alone', () => {
    const env = { SEED: '9', MODE: 'x', MODEL: 'x', N_WORKERS: '9', LR: '9', LOG_LEVEL: 'x', BLOOM: 'x' };
    expect(load({ env })).to.deep.equal(load({}));
  });

  it('says nothing where it is empty', () => {
    const env = { BLOOM_N_WORKERS: '', WORKERS: '', WANDB_API_KEY: '', BLOOM_TYPO: '' };
    expect(load({ env })).to.deep.equal(load({}));
    expect(load({ env: { BLOOM_N_WORKERS: '', WORKERS: '3' } }).config.n_workers).to.equal(3);
  });
});

describe('names for make', () => {
  it('are keys in capitals or as they are, and short names', () => {
    const make = { SEED: '1', n_epochs: '2', OPTIMIZER_HEAD_LR: '0.5', WORKERS: '3', BLOOM_BATCH_SIZE: '8' };
    const { config, fromEnvironment } = load({ make: { ...make, WANDB_MODE: 'offline', DATA_DIR: '' } });
    expect(config).to.include({ seed: 1, n_epochs: 2, n_workers: 3, batch_size: 8, data_dir: '' });
    expect(config.optimizer.head.lr).to.equal(0.5);
    expect(config.wandb.mode).to.equal('offline');
    expect(fromEnvironment).to.deep.equal([]);
  });
});
