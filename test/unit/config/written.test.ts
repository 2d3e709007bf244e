import { expect } from 'chai';
import fc from 'fast-check';
import { resolve } from 'node:path';
import { configFrom } from '../../../src/config/load.js';
import { keys } from '../../../src/config/keys.js';
import { listToYaml, toYaml } from '../../../src/config/written.js';
import { load } from '../../support/config_sources.js';

const text = (minLength: number) => fc.string({ unit: 'binary', minLength, maxLength: 200 });
const above0 = fc.double({ min: 0, minExcluded: true, noNaN: true, noDefaultInfinity: true });
const below1 = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Valid values of these keys. */
const someValues = fc.record(
  {
    n_workers: fc.integer({ min: 1, max: 64 }),
    batch_size: fc.integer({ min: 1, max: 65_536 }),
    seed: fc.maxSafeNat(),
    cut: fc.oneof(
      fc.nat(20).map(String),
      fc.constantFrom('pool1', 'default', 'true', 'null', '1e3', '0x10'),
      text(1),
    ),
    data_dir: text(0),
    output_dir: text(1),
    n_threads: fc.oneof(fc.constant('auto'), fc.integer({ min: 1, max: 1024 })),
    handoff: fc.constantFrom('weights', 'weights_and_optimizer'),
    'optimizer.head.lr': above0,
    'optimizer.tail.epsilon': above0,
    'optimizer.tail.momentum': below1,
    'wandb.track': fc.boolean(),
    'wandb.project': text(1),
  },
  { requiredKeys: [] },
);

describe('the configuration as YAML', () => {
  it('holds every key that is not sensitive, in the order of the schema', () => {
    const names = keys.filter(({ isSensitive }) => !isSensitive).map(({ name }) => name.split('.').at(-1)!);
    const lines = toYaml(configFrom({}).config).split('\n');
    const written = lines.filter((line) => /: \S/.test(line)).map((line) => line.trim().split(':')[0]);
    expect(written).to.deep.equal(names);
  });

  it('makes the same configuration when it is read back', () => {
    for (const options of [
      {},
      { cut: 3, n_threads: 2, seed: Number.MAX_SAFE_INTEGER, n_epochs: 6, local_epochs: 3 },
      { cut: 'pool1', data_dir: ' # no comment: "x" ', output_dir: '2026', 'wandb.entity': 'null' },
      { optimizer: { head: { name: 'adam', lr: 1e-5, weight_decay: 0 }, tail: { epsilon: 1e-300 } } },
    ]) {
      const { config } = configFrom(options);
      expect(load({ yaml: toYaml(config) }).config).to.deep.equal(config);
    }
  });

  it('loses nothing of what a flag says, whatever it says', () => {
    fc.assert(
      fc.property(someValues, (values) => {
        const flagOf = (name: string) => keys.find((key) => key.name === name)!.flagNames[0];
        const flags = Object.entries(values).map(([name, value]) => [flagOf(name), String(value)]);
        const { config } = load({ flags: Object.fromEntries(flags) as Record<string, string> });
        expect(config).to.deep.equal(configFrom(values).config);
        for (const [name, value] of Object.entries(values))
          // A folder is kept with its whole path.
          expect(config).to.have.nested.property(
            name,
            name === 'data_dir' && value !== '' ? resolve(String(value)) : value,
          );
        expect(load({ yaml: toYaml(config) }).config).to.deep.equal(config);
      }),
    );
  });

  it('a list is one line an item', () => {
    expect(listToYaml(['n_workers=2', 'optimizer.head.lr=0.1'])).to.equal(
      '- n_workers=2\n- optimizer.head.lr=0.1\n',
    );
    expect(listToYaml([])).to.equal('[]\n');
  });
});
