import { expect } from 'chai';
import { count, formatSize, plural, score, seconds } from '../../../../src/report/page/numbers.js';

describe('numbers for people', () => {
  it('counts with commas', () => {
    expect(count(1234567.4)).to.equal('1,234,567');
    expect(count(0)).to.equal('0');
  });

  it('gives scores four places, or a dash', () => {
    expect(score(0.98765)).to.equal('0.9877');
    expect(score(null)).to.equal('\u2013');
  });

  it('knows one from many', () => {
    expect(plural(1, 'round')).to.equal('1 round');
    expect(plural(2000, 'batch', 'batches')).to.equal('2,000 batches');
  });

  for (const [value, text] of [
    [0.04, '0.0 s'],
    [59.94, '59.9 s'],
    [60, '1 min 00 s'],
    [185.4, '3 min 05 s'],
    [3599.6, '1 h 00 min'],
    [7620, '2 h 07 min'],
  ] as const) {
    it(`says ${text}`, () => {
      expect(seconds(value)).to.equal(text);
    });
  }
});

describe('formatSize', () => {
  for (const [bytes, want] of [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [2_500_000, '2.5 MB'],
    [7e9, '7.0 GB'],
  ] as const)
    it(want, () => expect(formatSize(bytes)).to.equal(want));
});
