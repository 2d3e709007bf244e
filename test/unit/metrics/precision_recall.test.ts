import { expect } from 'chai';
import fc from 'fast-check';
import { precisionRecall } from '../../../src/metrics/precision_recall.js';

const curveOf = (positives: readonly number[], negatives: readonly number[]) =>
  precisionRecall(Float64Array.from(positives), Float64Array.from(negatives));

describe('precisionRecall', () => {
  it('goes down the thresholds, from recall 0 and precision 1', () => {
    // Falling: + .9, - .8, + .7, - .1. Found 1 of 2 with 1 answer; 1 with 2; 2 with 3; 2 with 4.
    const { curve, averagePrecision } = curveOf([0.7, 0.9], [0.1, 0.8]);
    expect(curve.recall).to.deep.equal([0, 1 / 2, 1 / 2, 1, 1]);
    expect(curve.precision).to.deep.equal([1, 1, 1 / 2, 2 / 3, 1 / 2]);
    expect(averagePrecision).to.be.closeTo((1 / 2) * 1 + (1 / 2) * (2 / 3), 1e-15);
  });

  it('takes rows of equal score together', () => {
    // At .5 both positives and one of two negatives at once: 2 of 3.
    const { curve, averagePrecision } = curveOf([0.5, 0.5], [0.5, 0.2]);
    expect(curve).to.deep.equal({ recall: [0, 1, 1], precision: [1, 2 / 3, 1 / 2] });
    expect(averagePrecision).to.equal(2 / 3);
  });

  it('takes any scores, also below 0 and without end', () => {
    const { curve, averagePrecision } = curveOf([-1], [-3, -Infinity, -2]);
    expect(curve).to.deep.equal({ recall: [0, 1, 1, 1, 1], precision: [1, 1, 1 / 2, 1 / 3, 1 / 4] });
    expect(averagePrecision).to.equal(1);
  });

  it('without negatives is precision 1 throughout', () => {
    expect(curveOf([0.1, 0.2], []).curve).to.deep.equal({ recall: [0, 0.5, 1], precision: [1, 1, 1] });
  });

  const scores = (minLength: number, most: number) =>
    fc.array(
      fc.nat(most).map((score) => score / most),
      { minLength, maxLength: 300 },
    );

  it('is the definition, threshold by threshold', () => {
    fc.assert(
      fc.property(scores(1, 20), scores(0, 20), (positives, negatives) => {
        const thresholds = [...new Set([...positives, ...negatives])].sort((a, b) => b - a);
        const points = thresholds.map((threshold) => {
          const found = positives.filter((score) => score >= threshold).length;
          const mistaken = negatives.filter((score) => score >= threshold).length;
          return { recall: found / positives.length, precision: found / (found + mistaken) };
        });
        const { curve, averagePrecision } = curveOf(positives, negatives);
        expect(curve.recall).to.deep.equal([0, ...points.map(({ recall }) => recall)]);
        expect(curve.precision).to.deep.equal([1, ...points.map(({ precision }) => precision)]);
        const area = points.reduce(
          (sum, { recall, precision }, at) =>
            sum + (recall - (at === 0 ? 0 : points[at - 1].recall)) * precision,
          0,
        );
        expect(averagePrecision).to.be.closeTo(area, 1e-12);
      }),
    );
  });

  it('has at most 200 points in 0 to 1, the first and last kept, recall never falling', () => {
    fc.assert(
      fc.property(scores(1, 100_000), scores(100, 100_000), (positives, negatives) => {
        const { recall, precision } = curveOf(positives, negatives).curve;
        expect(recall.length).to.equal(precision.length).and.to.be.at.most(200);
        expect([recall[0], precision[0]]).to.deep.equal([0, 1]);
        expect(recall.at(-1)).to.equal(1);
        expect(precision.at(-1)).to.equal(positives.length / (positives.length + negatives.length));
        expect([...recall].sort((a, b) => a - b)).to.deep.equal(recall);
        expect([...recall, ...precision].every((value) => value >= 0 && value <= 1)).to.equal(true);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps 200 points whole, and of 201 those at which recall grows', () => {
    const negatives = Array.from({ length: 198 }, (_, at) => at / 1000);
    // With the start, one positive and 198 negatives make 200 points; one negative more makes 201.
    expect(curveOf([0.5], negatives).curve.recall).to.have.lengthOf(200);
    const thin = curveOf([0.5], [...negatives, 0.9]).curve;
    expect(thin).to.deep.equal({ recall: [0, 1, 1], precision: [1, 1 / 2, 1 / 200] });
  });

  it('thins a long curve evenly', () => {
    const length = 1000;
    const { recall, precision } = curveOf(
      Array.from({ length }, (_, at) => at),
      [],
    ).curve;
    expect(recall).to.have.lengthOf(200 - 1);
    expect(Math.max(...recall.slice(1).map((value, at) => value - recall[at]))).to.be.at.most(2 / 198);
    expect(new Set(precision)).to.deep.equal(new Set([1]));
  });
});
