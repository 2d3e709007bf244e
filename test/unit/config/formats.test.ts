import { expect } from 'chai';
import {
  autoOr,
  boolean,
  integer,
  layer,
  nonEmptyText,
  oneOf,
  positive,
  real,
  text,
  type Format,
} from '../../../src/config/formats.js';

const cases: readonly {
  name: string;
  format: Format;
  expected: string;
  good: readonly unknown[];
  bad: readonly unknown[];
}[] = [
  {
    name: 'integer',
    format: integer(1),
    expected: 'an integer of 1 or more',
    good: [1, 5, 1e3, Number.MAX_SAFE_INTEGER],
    bad: [0, -1, 1.5, 2 ** 53, NaN, Infinity, '1', '', null, undefined, true, [1], { a: 1 }, 1n],
  },
  {
    name: 'integer with two bounds',
    format: integer(0, 8),
    expected: 'an integer from 0 to 8',
    good: [0, 8],
    bad: [-1, 9],
  },
  {
    name: 'real',
    format: real(0),
    expected: 'a number of 0 or more',
    good: [0, 0.5, 1e300],
    bad: [-1e-300, NaN, Infinity, '0.5', null],
  },
  {
    name: 'real below a bound',
    format: real(0, 1),
    expected: 'a number from 0 up to, not including, 1',
    good: [0, 0.999],
    bad: [1, -0.1, NaN],
  },
  {
    name: 'positive',
    format: positive(),
    expected: 'a number above 0',
    good: [5e-324, 0.01, 100],
    bad: [0, -1, NaN, Infinity, '1', null],
  },
  {
    name: 'oneOf',
    format: oneOf(['sgd', 'adam']),
    expected: 'one of sgd, adam',
    good: ['sgd', 'adam'],
    bad: ['SGD', ' sgd', '', 'toString', 0, null, ['sgd']],
  },
  {
    name: 'oneOf a single choice',
    format: oneOf(['mnist']),
    expected: '"mnist"',
    good: ['mnist'],
    bad: ['x'],
  },
  {
    name: 'autoOr',
    format: autoOr(integer(1, 4)),
    expected: '"auto" or an integer from 1 to 4',
    good: ['auto', 1, 4],
    bad: ['Auto', '1', 0, 5, null],
  },
  {
    name: 'layer',
    format: layer,
    expected: 'the name of a layer, the number of layers in the head, or "default"',
    good: ['pool1', 'default', '3', 3],
    bad: ['', 1.5, NaN, null, true, ['pool1']],
  },
  { name: 'text', format: text, expected: 'text', good: ['', 'a'], bad: [1, null, undefined, true, ['a']] },
  {
    name: 'nonEmptyText',
    format: nonEmptyText,
    expected: 'text that is not empty',
    good: ['a', ' '],
    bad: ['', 1, null],
  },
  {
    name: 'boolean',
    format: boolean,
    expected: 'true or false',
    good: [true, false],
    bad: ['true', 1, 0, null],
  },
];

describe('formats', () => {
  for (const { name, format, expected, good, bad } of cases) {
    it(`${name} takes its values and no others`, () => {
      expect(format.expected).to.equal(expected);
      for (const value of good) expect(format.isValid(value), String(value)).to.equal(true);
      for (const value of bad) expect(format.isValid(value), typeof value).to.equal(false);
    });
  }

  it('numbers are read from text as people write them', () => {
    const read = (written: string) => positive().fromText(written);
    expect(['4', '+4', '4.', ' 4 ', '4.0', '.5', '1e-3', '1E3', '-2', '5e-324'].map(read)).to.deep.equal([
      4, 4, 4, 4, 4, 0.5, 0.001, 1000, -2, 5e-324,
    ]);
  });

  it('anything else stays text, which no number format takes', () => {
    for (const written of [
      '',
      ' ',
      'four',
      '4 x',
      '0x10',
      '1_000',
      '1,5',
      '1e',
      '.',
      'NaN',
      'Infinity',
      '--1',
    ]) {
      expect(real(0).fromText(written)).to.equal(written);
      expect(integer(0).isValid(integer(0).fromText(written)), written).to.equal(false);
    }
    expect(real(0).isValid(real(0).fromText('1e999')), 'too large for a number').to.equal(false);
  });

  it('"auto", true and false are read from text; a layer number is kept as text', () => {
    expect(['auto', '3', 'x'].map((written) => autoOr(integer(1)).fromText(written))).to.deep.equal([
      'auto',
      3,
      'x',
    ]);
    expect(['true', 'false', 'True', '1'].map((written) => boolean.fromText(written))).to.deep.equal([
      true,
      false,
      'True',
      '1',
    ]);
    expect([3, '3', 'pool1'].map((value) => layer.normalise!(value))).to.deep.equal(['3', '3', 'pool1']);
    expect(layer.fromText('3')).to.equal('3');
  });
});
