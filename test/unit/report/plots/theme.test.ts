import { expect } from 'chai';
import { OVERALL_COLOR, palette } from '../../../../src/report/plots/theme.js';

type Three = readonly [number, number, number];
type Matrix = readonly [Three, Three, Three];

/** What linear RGB looks like to eyes without one kind of cones (Machado, Oliveira and Fernandes 2009, severity 1). */
const vision: Readonly<Record<string, Matrix>> = {
  'normal vision': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

describe('palette', () => {
  for (const [name, matrix] of Object.entries(vision)) {
    it(`has colours that differ, also from white: ${name}`, () => {
      const seen = ['#ffffff', ...palette].map((color) => toLab(times(matrix, linear(color))));
      for (const [index, one] of seen.entries()) {
        for (const other of seen.slice(index + 1)) {
          // CIE 1976; 2.3 is just noticeable.
          expect(Math.hypot(...one.map((value, at) => value - other[at]))).to.be.greaterThan(12);
        }
      }
    });
  }

  it('keeps the colour of what stands for everything out of the first five, which classes use', () => {
    expect(palette.slice(0, 5)).not.to.include(OVERALL_COLOR);
  });
});

function linear(color: string): Three {
  const at = (start: number) => {
    const value = parseInt(color.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [at(1), at(3), at(5)];
}

function times(matrix: Matrix, [r, g, b]: Three): Three {
  const row = (at: 0 | 1 | 2) =>
    Math.min(1, Math.max(0, matrix[at][0] * r + matrix[at][1] * g + matrix[at][2] * b));
  return [row(0), row(1), row(2)];
}

/** CIE L*a*b* of linear sRGB under D65. */
function toLab([r, g, b]: Three): Three {
  const f = (value: number) =>
    value > 216 / 24389 ? Math.cbrt(value) : (value * 24389) / 27 / 116 + 16 / 116;
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
