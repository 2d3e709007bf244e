import { expect } from 'chai';
import { inspect } from 'node:util';
import { configFrom, configFromFile } from '../../../src/config/load.js';
import { toYaml } from '../../../src/config/written.js';
import { ConfigError } from '../../../src/core/errors.js';
import { configErrorOf, load, withFile, type Said } from '../../support/config_sources.js';

const SECRET = '8091734650';
const good: readonly Said[] = [
  { env: { WANDB_API_KEY: SECRET } },
  { env: { BLOOM_WANDB_KEY: SECRET } },
  { flags: { 'wandb-key': SECRET } },
  { make: { WANDB_API_KEY: SECRET } },
  { yaml: `wandb: { key: '${SECRET}' }` },
];

/** Everything that a log or a terminal could print of an error: message, stack, details, cause. */
const allOf = (error: unknown) => inspect(error, { depth: 9, showHidden: true });

describe('the key of Weights & Biases', () => {
  for (const said of good) {
    const where = Object.keys(said)[0];
    it(`is known to the run alone (from ${JSON.stringify(said)})`, () => {
      const { config, ...shown } = load({ ...said, flags: { ...said.flags, seed: '1' } });
      expect(config.wandb.key).to.equal(SECRET);
      expect(inspect(shown)).to.not.include(SECRET);
      expect(shown.overrides).to.deep.equal(['seed=1']);
      expect(shown.fromEnvironment.map(({ value }) => value)).to.deep.equal(where === 'env' ? ['(set)'] : []);
      expect(toYaml(config))
        .to.include('wandb:')
        .and.to.not.match(new RegExp(`${SECRET}|\\bkey\\b`));
    });

    it(`is in no error about something else (from ${JSON.stringify(said)})`, () => {
      for (const flags of [
        { 'n-workers': '0' },
        { nonsense: '1' },
        { 'local-epochs': '2' },
        { 'wandb-mode': 'x' },
      ]) {
        const error = configErrorOf(() => load({ ...said, flags: { ...said.flags, ...flags } }));
        expect(allOf(error)).to.not.include(SECRET);
      }
    });
  }

  it('is in no error about itself: not text', () => {
    for (const written of [
      SECRET,
      `[${SECRET}]`,
      `{ a: '${SECRET}' }`,
      `!!binary ${SECRET}AA`,
      `-${SECRET}`,
    ]) {
      const error = configErrorOf(() => load({ yaml: `wandb: { key: ${written} }` }));
      expect(error).to.include({ code: 'ERR_CONFIG_VALUE' });
      expect(error.message).to.include('`wandb.key` is a value of another kind');
      expect(allOf(error)).to.not.include(SECRET);
    }
    expect(allOf(configErrorOf(() => configFrom({ wandb: { key: Number(SECRET) } })))).to.not.include(SECRET);
  });

  it('is in no error about itself: given twice', () => {
    for (const said of [
      { env: { WANDB_API_KEY: SECRET, BLOOM_WANDB_KEY: `${SECRET}1` } },
      { flags: { 'wandb-key': [SECRET, `${SECRET}1`] } },
      { yaml: `wandb: { key: '${SECRET}' }\nwandb.key: '${SECRET}1'` },
    ]) {
      const error = configErrorOf(() => load(said));
      expect(error).to.include({ code: 'ERR_CONFIG_TWO_NAMES' });
      expect(error.message).to.include('`wandb.key`');
      expect(allOf(error)).to.not.include(SECRET);
    }
  });

  it('is in no error about a file with a slip of one character anywhere', () => {
    const slips = ['', ...Array.from('\n\t :-,[]{}!&*|>%@`"\'#?\\')];
    let numRefused = 0;
    for (const quote of ['', '"', "'"]) {
      const text = `wandb:\n  key: ${quote}${SECRET}${quote}\n`;
      for (const damaged of damagedAround(text, slips)) {
        try {
          withFile(damaged, configFromFile);
        } catch (error) {
          numRefused++;
          expect(error).to.be.instanceOf(ConfigError);
          expect(allOf(error), damaged).to.not.include(SECRET);
        }
      }
    }
    expect(numRefused).to.be.above(500);
  });
});

/** The text with each slip put in place of, or before, every character that is not inside the secret. */
function damagedAround(text: string, slips: readonly string[]): string[] {
  const begin = text.indexOf(SECRET);
  const end = begin + SECRET.length;
  return Array.from(text).flatMap((_, at) =>
    slips.flatMap((slip) => [
      ...(at <= begin || at >= end ? [text.slice(0, at) + slip + text.slice(at)] : []),
      ...(at < begin || at >= end ? [text.slice(0, at) + slip + text.slice(at + 1)] : []),
    ]),
  );
}
