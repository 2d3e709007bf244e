import { expect } from 'chai';
import fc from 'fast-check';
import { addTallies, emptyTally } from '../../../src/core/tally.js';
import { scoreOf, tally } from '../../../src/metrics/classification.js';

const tallyOf = (logits: readonly number[], labels: readonly number[]) =>
  tally(Float32Array.from(logits), Int32Array.from(labels));

describe('tally', () => {
  it('sums -log softmax(logits)[label] and counts the right rows', () => {
    // softmax of [0, ln 3] is [1/4, 3/4], of [ln 4, 0] is [4/5, 1/5].
    const logits = [0, Math.log(3), Math.log(4), 0];
    const right = tallyOf(logits, [1, 0]);
    expect(right).to.include({ rows: 2, numCorrect: 2 });
    expect(right.lossSum).to.be.closeTo(Math.log(4 / 3) + Math.log(5 / 4), 1e-6);
    const half = tallyOf(logits, [0, 0]);
    expect(half).to.include({ rows: 2, numCorrect: 1 });
    expect(half.lossSum).to.be.closeTo(Math.log(4) + Math.log(5 / 4), 1e-6);
  });

  it('takes the first of equal logits for the guess', () => {
    for (const [label, numCorrect] of [0, 1, 0].entries()) {
      const tied = tallyOf([0, 2, 2], [label]);
      expect(tied.numCorrect).to.equal(numCorrect);
    }
    const allEqual = tallyOf([7, 7, 7, 7], [0]);
    expect(allEqual.numCorrect).to.equal(1);
    expect(allEqual.lossSum).to.be.closeTo(Math.log(4), 1e-12);
  });

  it('overflows nowhere: the loss of a sure mistake is the distance of the logits', () => {
    expect(tallyOf([1000, 0], [0]).lossSum).to.equal(0);
    expect(tallyOf([1000, 0], [1]).lossSum).to.equal(1000);
    expect(tallyOf([-1000, -3000], [1]).lossSum).to.equal(2000);
    const largest = Math.fround(3.4e38);
    expect(tallyOf([largest, -largest], [1]).lossSum).to.equal(2 * largest);
  });

  it('is not finite where a logit is not', () => {
    for (const bad of [NaN, Infinity]) expect(tallyOf([bad, 0], [0]).lossSum).to.be.NaN;
    expect(tallyOf([0, NaN], [0]).lossSum).to.be.NaN;
  });

  it('does not change when all logits of a row grow alike, and is the sum over the rows', () => {
    const row = fc.array(fc.integer({ min: -64, max: 64 }), { minLength: 5, maxLength: 5 });
    const rows = fc.array(fc.tuple(row, fc.nat(4)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(rows, fc.integer({ min: -512, max: 512 }), (given, shift) => {
        const logits = given.flatMap(([values]) => values);
        const whole = tallyOf(
          logits,
          given.map(([, label]) => label),
        );
        const parts = given
          .map(([values, label]) =>
            tallyOf(
              values.map((value) => value + shift),
              [label],
            ),
          )
          .reduce(addTallies, emptyTally);
        expect(parts).to.include({ rows: given.length, numCorrect: whole.numCorrect });
        expect(parts.lossSum).to.be.closeTo(whole.lossSum, 1e-9);
      }),
    );
  });
});

describe('scores', () => {
  it('are means over the rows, whatever their grouping', () => {
    const a = { rows: 1, lossSum: 3, numCorrect: 0 };
    const b = { rows: 3, lossSum: 1, numCorrect: 3 };
    expect(addTallies(a, b)).to.deep.equal({ rows: 4, lossSum: 4, numCorrect: 3 });
    expect(scoreOf(addTallies(a, b))).to.deep.equal({ loss: 1, accuracy: 0.75 });
    expect(addTallies(emptyTally, b)).to.deep.equal(b);
  });
});
