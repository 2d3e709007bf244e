import { expect } from 'chai';
import fc from 'fast-check';
import { classRates, confusionOf, macroF1, weightedF1 } from '../../../src/metrics/confusion.js';
import { answerOf } from '../../../src/metrics/predictions.js';
import { anyPredictions, predictionsOf } from '../../support/predictions.js';

/** True classes 0 0 0 1 1 2, answers 0 0 1 1 1 0; class 3 is neither. */
const answers = [0, 0, 1, 1, 1, 0];
const sixRows = predictionsOf(
  answers.map((answer) => [0, 1, 2, 3].map((label) => (label === answer ? 1 : 0))),
  [0, 0, 0, 1, 1, 2],
);

describe('confusionOf', () => {
  it('counts rows by true class and answer', () => {
    const { numClasses, counts_KK } = confusionOf(sixRows);
    expect(numClasses).to.equal(4);
    // prettier-ignore
    expect([...counts_KK]).to.deep.equal([
      2, 1, 0, 0,
      0, 2, 0, 0,
      1, 0, 0, 0,
      0, 0, 0, 0,
    ]);
  });

  it('has every row once', () => {
    fc.assert(
      fc.property(anyPredictions, (predictions) => {
        const { counts_KK } = confusionOf(predictions);
        expect(counts_KK.reduce((sum, count) => sum + count, 0)).to.equal(predictions.labels_N.length);
        const right = [...predictions.labels_N].filter((label, row) => answerOf(predictions, row) === label);
        const diagonal = counts_KK.filter((_, at) => at % (predictions.numClasses + 1) === 0);
        expect(diagonal.reduce((sum, count) => sum + count, 0)).to.equal(right.length);
      }),
    );
  });
});

describe('classRates', () => {
  it('are right / answered, right / support, and their harmonic mean; 0 by 0 is 0', () => {
    expect(classRates(confusionOf(sixRows))).to.deep.equal([
      { support: 3, answered: 3, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 },
      // 2 of 3 answers are right, 2 of 2 rows are found: 2 * 2 / (2 + 3).
      { support: 2, answered: 3, precision: 2 / 3, recall: 1, f1: 4 / 5 },
      { support: 1, answered: 0, precision: 0, recall: 0, f1: 0 },
      { support: 0, answered: 0, precision: 0, recall: 0, f1: 0 },
    ]);
  });

  it('gives F1 = 2 P R / (P + R)', () => {
    fc.assert(
      fc.property(anyPredictions, (predictions) => {
        for (const { precision, recall, f1 } of classRates(confusionOf(predictions)))
          expect(f1).to.be.closeTo(
            precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
            1e-15,
          );
      }),
    );
  });
});

describe('mean F1', () => {
  const rates = classRates(confusionOf(sixRows));

  it('weighted: by rows of the class', () => {
    expect(weightedF1(rates)).to.be.closeTo((3 * (2 / 3) + 2 * (4 / 5) + 1 * 0) / 6, 1e-15);
  });

  it('macro: over the classes that occur, which class 3 does not', () => {
    expect(macroF1(rates)).to.be.closeTo((2 / 3 + 4 / 5 + 0) / 3, 1e-15);
  });

  it('is 0 of no rows', () => {
    const none = classRates({ numClasses: 2, counts_KK: new Uint32Array(4) });
    expect([weightedF1(none), macroF1(none)]).to.deep.equal([0, 0]);
  });
});
