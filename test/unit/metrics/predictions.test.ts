import { expect } from 'chai';
import fc from 'fast-check';
import { testScoreOf } from '../../../src/metrics/classification.js';
import { answerOf, joinPredictions } from '../../../src/metrics/predictions.js';
import { reportOf } from '../../../src/metrics/report.js';
import { anyPredictions, predictionsOf, rowsOf } from '../../support/predictions.js';

describe('joinPredictions', () => {
  it('puts rows one behind the other', () => {
    const parts = [
      predictionsOf([[1, 2]], [0]),
      predictionsOf(
        [
          [3, 4],
          [5, 6],
        ],
        [1, 0],
      ),
    ];
    expect(joinPredictions(parts, 2)).to.deep.equal(
      predictionsOf(
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        [0, 1, 0],
      ),
    );
    expect(joinPredictions([], 2).labels_N).to.have.lengthOf(0);
  });

  it('makes of any messages what one message would have been, report and all', () => {
    fc.assert(
      fc.property(anyPredictions, fc.array(fc.nat(30)), (whole, cuts) => {
        const numRows = whole.labels_N.length;
        const ends = [...cuts.filter((cut) => cut < numRows), numRows].sort((a, b) => a - b);
        const parts = ends.map((end, at) => rowsOf(whole, ends[at - 1] ?? 0, end));
        const joined = joinPredictions(parts, whole.numClasses);
        expect(joined).to.deep.equal(whole);
        expect(reportOf(joined)).to.deep.equal(reportOf(whole));
        expect(testScoreOf(joined)).to.deep.equal(testScoreOf(whole));
      }),
    );
  });
});

describe('answerOf', () => {
  it('is the class of the largest logit, the first of equal ones', () => {
    const predictions = predictionsOf(
      [
        [1, 3, 2],
        [2, 0, 2],
        [-5, -4, -4],
        [0, 0, 0],
      ],
      [0, 0, 0, 0],
    );
    expect([0, 1, 2, 3].map((row) => answerOf(predictions, row))).to.deep.equal([1, 0, 1, 0]);
  });
});
