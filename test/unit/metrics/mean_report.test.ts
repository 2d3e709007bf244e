import { expect } from 'chai';
import type { ClassificationReport } from '../../../src/core/evaluation.js';
import { meanReport } from '../../../src/metrics/mean_report.js';
import { reportOf } from '../../../src/metrics/report.js';
import { predictionsOf } from '../../support/predictions.js';

/** Two rows of class 0 and one of class 1; nothing is of class 2. */
const labels = [0, 0, 1];
const [sure, other] = [
  [2, 0, 0],
  [0, 2, 0],
];
/** All right; and the first row taken for class 1. */
const right = reportOf(predictionsOf([sure, sure, other], labels));
const wrong = reportOf(predictionsOf([other, sure, other], labels));

describe('meanReport', () => {
  it('of one report is that report', () => {
    expect(meanReport([right])).to.equal(right);
  });

  it('has the mean of every score', () => {
    const mean = meanReport([right, wrong]);
    expect(mean.rows).to.equal(3);
    expect(mean.accuracy).to.be.closeTo((1 + 2 / 3) / 2, 1e-12);
    for (const key of ['loss', 'weighted_f1', 'macro_f1', 'micro_average_precision'] as const)
      expect(mean[key], key).to.be.closeTo((right[key] + wrong[key]) / 2, 1e-12);
    // Class 1: precision 1 and 1/2, recall 1 and 1, F1 1 and 2/3.
    const [, second] = mean.classes;
    expect(second).to.include({ class: 1, support: 1, precision: 0.75, recall: 1 });
    expect(second.f1).to.be.closeTo(5 / 6, 1e-12);
  });

  it('adds the answers of all up', () => {
    expect(meanReport([right, wrong, wrong]).confusion).to.deep.equal([
      [4, 2, 0],
      [0, 3, 0],
      [0, 0, 0],
    ]);
  });

  it('has no average precision and no curve of a class without rows', () => {
    const mean = meanReport([right, wrong]);
    expect(mean.classes[2].average_precision).to.equal(null);
    expect(mean.curves.classes[2]).to.equal(null);
    expect(mean.curves.classes[0]).not.to.equal(null);
  });

  it('has the mean precision at equal recall', () => {
    const withCurve = (recall: readonly number[], precision: readonly number[]): ClassificationReport => {
      const curve = { recall, precision };
      return { ...right, curves: { classes: [curve, null, null], micro: curve } };
    };
    // Up to recall 1/2 the first one has precision 1, beyond 1/2; the second one has 0.8 everywhere.
    const mean = meanReport([withCurve([0.5, 1], [1, 0.5]), withCurve([1], [0.8])]);
    for (const curve of [mean.curves.classes[0], mean.curves.micro]) {
      expect(curve?.recall).to.have.length(101);
      expect([curve?.recall[0], curve?.recall[50], curve?.recall[100]]).to.deep.equal([0, 0.5, 1]);
      for (const [at, precision] of (curve?.precision ?? []).entries())
        expect(precision, `at recall ${at} %`).to.be.closeTo(at <= 50 ? 0.9 : 0.65, 1e-12);
    }
  });
});
