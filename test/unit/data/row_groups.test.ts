import { expect } from 'chai';
import fc from 'fast-check';
import { randomStream } from '../../../src/core/random.js';
import { apportion, groupRows, inRandomOrder } from '../../../src/data/row_groups.js';

describe('groupRows', () => {
  it('lists the rows of each group, ascending, without those of groups beyond', () => {
    const groups = groupRows([1, 0, 3, 1, 2, 1], 3).map((rows) => [...rows]);
    expect(groups).to.deep.equal([[1], [0, 3, 5], [4]]);
    expect(groupRows([], 2).map(({ length }) => length)).to.deep.equal([0, 0]);
  });
});

describe('inRandomOrder', () => {
  it('holds the same numbers, in another order', () => {
    const numbers = Uint32Array.from({ length: 50 }, (_, at) => 3 * at);
    const mixed = inRandomOrder(numbers, randomStream(0, 'partition'));
    expect([...mixed]).not.to.deep.equal([...numbers]);
    expect([...mixed].sort((a, b) => a - b)).to.deep.equal([...numbers]);
  });
});

describe('apportion', () => {
  it('rounds by largest remainder', () => {
    // 10 * 2 / 9 = 2.22, 10 * 3 / 9 = 3.33, 10 * 4 / 9 = 4.44: the one that is missing goes to the last.
    expect([...apportion([2, 3, 4], 10)]).to.deep.equal([2, 3, 5]);
    expect([...apportion([1, 0, 1], 5)]).to.deep.equal([3, 0, 2]);
  });

  it('gives the earlier one more where remainders are equal, although their quotients round differently', () => {
    // A third of 10, 100 and 190 leaves 1/3 each time, in float64 more of it the smaller the number.
    expect([...apportion([10, 100, 190], 100)]).to.deep.equal([4, 33, 63]);
    expect([...apportion([100, 10, 190], 100)]).to.deep.equal([34, 3, 63]);
  });

  it('adds up, and is off the exact part by less than one', () => {
    const weights = fc
      .array(fc.oneof(fc.nat(1000), fc.double({ min: 0, max: 1, noNaN: true })), {
        minLength: 1,
        maxLength: 50,
      })
      .filter((values) => values.some((value) => value > 0));
    fc.assert(
      fc.property(weights, fc.nat(100_000), (values, total) => {
        const parts = [...apportion(values, total)];
        expect(parts.reduce((a, b) => a + b, 0)).to.equal(total);
        const sum = values.reduce((a, b) => a + b, 0);
        for (const [at, part] of parts.entries())
          expect(Math.abs(part - (values[at] * total) / sum)).to.be.below(1 + 1e-6);
      }),
    );
  });
});
