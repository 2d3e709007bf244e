import { expect } from 'chai';
import { classAccuracyOf, forgettingMatrix, meanForgetting } from '../../../src/metrics/forgetting.js';
import { reportOf } from '../../../src/metrics/report.js';
import { predictionsOf } from '../../support/predictions.js';

describe('classAccuracyOf', () => {
  it('is the share of right answers among the rows of a class, null where there are none', () => {
    const right = [1, 0, 0];
    const wrong = [0, 1, 0];
    const predictions = predictionsOf([right, right, wrong, right, wrong], [0, 0, 0, 1, 1]);
    expect(classAccuracyOf(reportOf(predictions))).to.deep.equal([2 / 3, 1 / 2, null]);
  });
});

describe('forgettingMatrix', () => {
  const test = (round: number, client: number, class_accuracy: readonly (number | null)[]) =>
    ({ type: 'forgetting', round, client, steps: 10 * round + client, class_accuracy }) as const;

  it('weights the accuracy on each class by the share of the client that has rows of it', () => {
    // Client 0 has classes 0 and 1 as 3 to 1, client 1 has class 2 alone, client 2 all alike.
    const counts = [
      [30, 10, 0],
      [0, 0, 7],
      [5, 5, 5],
    ];
    const tests = [test(0, 0, [0.8, 0.4, 0]), test(0, 1, [0.2, 0, 0.9])];
    const { samples, visits, accuracy } = forgettingMatrix(tests, counts, 1000);
    expect(samples).to.equal(1000);
    expect(visits).to.deep.equal([
      { round: 0, client: 0, steps: 0 },
      { round: 0, client: 1, steps: 1 },
    ]);
    const expected = [
      [(3 * 0.8 + 1 * 0.4) / 4, 0, (0.8 + 0.4) / 3],
      [(3 * 0.2) / 4, 0.9, (0.2 + 0.9) / 3],
    ];
    for (const [row, values] of expected.entries())
      for (const [client, value] of values.entries())
        expect(accuracy[row][client]).to.be.closeTo(value, 1e-15);
  });

  it('counts a class that the sample lacks for no client', () => {
    // Class 1 is not in the sample: of client 0 class 0 speaks alone, and of client 1 nothing is known.
    const counts = [
      [1, 9],
      [0, 9],
    ];
    expect(forgettingMatrix([test(0, 0, [0.5, null])], counts, 10).accuracy).to.deep.equal([[0.5, null]]);
  });

  it('has no rows where nothing was tested', () => {
    expect(forgettingMatrix([], [[1]], 10)).to.deep.equal({ samples: 10, visits: [], accuracy: [] });
  });
});

describe('meanForgetting', () => {
  const matrix = (accuracy: readonly (readonly (number | null)[])[], clients: readonly number[]) => ({
    samples: 10,
    visits: clients.map((client, at) => ({ round: 0, client, steps: at })),
    accuracy,
  });

  it('is the mean fall from the best earlier test to the last, without the client that was visited last', () => {
    const accuracy = [
      [0.9, 0.1, 0.2],
      [0.5, 0.8, 0.1],
      [0.4, 0.7, 0.9],
    ];
    // Client 0 falls from 0.9 to 0.4, client 1 from 0.8 to 0.7, client 2 was just visited.
    expect(meanForgetting(matrix(accuracy, [0, 1, 2]))).to.be.closeTo((0.5 + 0.1) / 2, 1e-15);
  });

  it('is below 0 where what was learned last helps all', () => {
    const accuracy = [
      [0.5, 0.1],
      [0.6, 0.9],
    ];
    expect(meanForgetting(matrix(accuracy, [0, 1]))).to.be.closeTo(-0.1, 1e-15);
  });

  it('of a single client is its own', () => {
    expect(meanForgetting(matrix([[0.5], [0.4]], [0, 0]))).to.be.closeTo(0.1, 1e-15);
  });

  it('leaves out clients of which nothing is known, and is null where none is left', () => {
    expect(
      meanForgetting(
        matrix(
          [
            [0.9, null, 0],
            [0.4, null, 1],
          ],
          [0, 2],
        ),
      ),
    ).to.be.closeTo(0.5, 1e-15);
    expect(meanForgetting(matrix([[0.9, 0.1]], [0]))).to.equal(null);
    expect(meanForgetting(matrix([], []))).to.equal(null);
  });
});
