import { expect } from 'chai';
import { shippedTextWidth, type TextWidth } from '../../../../src/report/plots/font.js';

describe('shippedTextWidth', () => {
  let width: TextWidth;
  before(async () => {
    width = await shippedTextWidth();
  });

  // Advance widths of Inter SemiBold as fontTools reads them, in units of 1/2048 em.
  for (const [text, units] of [
    ['A', 1490],
    ['i', 536],
    ['w', 1719],
    ['1', 866],
    [' ', 516],
    ['\u2212', 1378], // minus
    ['\u2026', 1958], // dots
    ['\u00e9', 1211], // e with an accent
    ['training loss', 12_120],
    ['', 0],
  ] as const) {
    it(`gives ${units} for "${text}"`, () => {
      expect(width(text) * 2048).to.be.closeTo(units, 1e-6);
    });
  }

  it('gives the glyph of what is missing for what the font lacks', () => {
    expect(width('\u4e2d') * 2048).to.be.closeTo(1344, 1e-6);
    expect(width('\u{1f600}')).to.equal(width('\u4e2d'));
  });
});
