import { expect } from 'chai';
import fc from 'fast-check';
import { runningMean, thinned } from '../../../../src/report/plots/thinning.js';

describe('thinned', () => {
  const anyLine = fc.record({
    values: fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 400 }),
    maxPoints: fc.integer({ min: 4, max: 60 }),
  });

  it('keeps the first, the last, the smallest and the largest, in order, and no more than asked', () => {
    fc.assert(
      fc.property(anyLine, ({ values, maxPoints }) => {
        const kept = thinned(values, 0, values.length, maxPoints);
        expect(kept.length).to.be.at.most(maxPoints);
        expect(kept).to.deep.equal([...new Set(kept)].toSorted((one, other) => one - other));
        expect(kept[0]).to.equal(0);
        expect(kept.at(-1)).to.equal(values.length - 1);
        const drawn = kept.map((at) => values[at]);
        expect(Math.min(...drawn)).to.equal(Math.min(...values));
        expect(Math.max(...drawn)).to.equal(Math.max(...values));
      }),
    );
  });

  it('keeps all of what is short enough, and looks at its own part only', () => {
    expect(thinned([5, 6, 7, 8, 9], 1, 4, 4)).to.deep.equal([1, 2, 3]);
    const values = [99, 0, 0, 7, 0, 0, -3, 0, 0, 99];
    // 1 and 8 are the borders; of the one stretch between them 6 is the smallest and 3 the largest.
    expect(thinned(values, 1, 9, 4)).to.deep.equal([1, 3, 6, 8]);
  });

  it('keeps a spike in every stretch of a long line', () => {
    const values = Array<number>(10_000).fill(1);
    const spikes = [1234, 5678, 8765];
    for (const at of spikes) values[at] = 10;
    expect(thinned(values, 0, values.length, 50)).to.include.members(spikes);
  });
});

describe('runningMean', () => {
  it('is the mean of what is around, and at the ends of what is there', () => {
    // Window 3: (6 + 0) / 2, (6 + 0 + 3) / 3, (0 + 3 + 9) / 3, (3 + 9) / 2.
    expect(runningMean([6, 0, 3, 9], 0, 4, 3)).to.deep.equal([3, 3, 4, 6]);
    expect(runningMean([6, 0, 3, 9], 0, 4, 1)).to.deep.equal([6, 0, 3, 9]);
  });

  it('takes nothing from outside its part', () => {
    expect(runningMean([1000, 2, 4, 1000], 1, 3, 9)).to.deep.equal([3, 3]);
  });
});
