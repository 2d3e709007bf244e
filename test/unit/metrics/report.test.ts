import { expect } from 'chai';
import fc from 'fast-check';
import { NumericError } from '../../../src/core/errors.js';
import type { PrecisionRecallCurve } from '../../../src/core/evaluation.js';
import { testScoreOf } from '../../../src/metrics/classification.js';
import { reportOf } from '../../../src/metrics/report.js';
import { readCases } from '../../support/fixtures.js';
import { anyPredictions, predictionsOf } from '../../support/predictions.js';

/** What `make_metrics.py` wrote; null where scikit-learn has no number, since there is no row of a class. */
interface SklearnCase {
  readonly name: string;
  readonly num_classes: number;
  readonly labels: readonly number[];
  readonly logits_in_sixteenths: readonly (readonly number[])[];
  readonly expected: {
    readonly rows: number;
    readonly loss: number;
    readonly accuracy: number;
    readonly macro_f1: number;
    readonly weighted_f1: number;
    readonly micro_average_precision: number;
    readonly support: readonly number[];
    readonly precision: readonly number[];
    readonly recall: readonly number[];
    readonly f1: readonly number[];
    readonly average_precision: readonly (number | null)[];
    readonly confusion: readonly (readonly number[])[];
    readonly curves: {
      readonly classes: readonly (PrecisionRecallCurve | null)[];
      readonly micro: PrecisionRecallCurve;
    } | null;
  };
}

const TOLERANCE = 1e-12;

function expectNumbers(
  got: readonly (number | null)[],
  want: readonly (number | null)[],
  what: string,
): void {
  expect(got, what).to.have.lengthOf(want.length);
  for (const [at, value] of want.entries()) {
    if (value === null) expect(got[at], `${what} ${at}`).to.equal(null);
    else expect(got[at], `${what} ${at}`).to.be.closeTo(value, TOLERANCE);
  }
}

/**
 * The same curve, or where scikit-learn's has more than 200 points some of them, in order, with both ends, and nearly the
 * same area under the steps.
 */
function expectCurve(
  got: PrecisionRecallCurve | null,
  want: PrecisionRecallCurve | null,
  what: string,
): void {
  if (got === null || want === null) {
    expect(got, what).to.equal(want);
    return;
  }
  if (want.recall.length <= 200) {
    expectNumbers(got.recall, want.recall, `${what}: recall`);
    expectNumbers(got.precision, want.precision, `${what}: precision`);
    return;
  }
  expect(got.recall.length, what).to.be.at.most(200);
  let at = -1;
  for (const [point, recall] of got.recall.entries()) {
    at = want.recall.findIndex(
      (value, index) =>
        index > at &&
        Math.abs(value - recall) < TOLERANCE &&
        Math.abs(want.precision[index] - got.precision[point]) < TOLERANCE,
    );
    expect(at, `${what}: point ${point} is one of scikit-learn's, after the one before`).to.be.at.least(
      point,
    );
    if (point === 0) expect(at, what).to.equal(0);
  }
  expect(got.recall.at(-1), what).to.equal(want.recall.at(-1));
  expect(got.precision.at(-1), what).to.equal(want.precision.at(-1));
  expect(areaOf(got), what).to.be.closeTo(areaOf(want), 0.005);
}

/** Under the steps of a curve: its average precision. */
function areaOf({ recall, precision }: PrecisionRecallCurve): number {
  return recall.reduce((sum, value, at) => sum + (value - (recall[at - 1] ?? 0)) * precision[at], 0);
}

describe('reportOf', () => {
  for (const { name, num_classes, labels, logits_in_sixteenths, expected } of readCases(
    'metrics.json',
  ) as SklearnCase[]) {
    it(`agrees with scikit-learn: ${name}`, () => {
      const predictions = predictionsOf(
        logits_in_sixteenths.map((row) => row.map((value) => value / 16)),
        labels,
      );
      const report = reportOf(predictions);
      expect(report.rows).to.equal(expected.rows);
      for (const key of ['loss', 'accuracy', 'macro_f1', 'weighted_f1', 'micro_average_precision'] as const)
        expect(report[key], key).to.be.closeTo(expected[key], TOLERANCE);
      expect(report.confusion).to.deep.equal(expected.confusion);
      expect(report.classes.map((each) => each.class)).to.deep.equal([...Array(num_classes).keys()]);
      for (const key of ['support', 'precision', 'recall', 'f1', 'average_precision'] as const) {
        const got = report.classes.map((each) => each[key]);
        expectNumbers(got, expected[key], key);
      }
      const { loss, accuracy, weighted_f1 } = report;
      expect(testScoreOf(predictions)).to.deep.equal({ loss, accuracy, weighted_f1 });
      expect(report.curves.classes).to.have.lengthOf(num_classes);
      if (!expected.curves) return;
      expectCurve(report.curves.micro, expected.curves.micro, 'micro curve');
      for (const [label, curve] of expected.curves.classes.entries())
        expectCurve(report.curves.classes[label], curve, `curve of class ${label}`);
    });
  }

  it('does not depend on the order of rows, nor on what is added to all logits of a row', () => {
    fc.assert(
      fc.property(anyPredictions, fc.integer({ min: -8, max: 8 }), (predictions, added) => {
        const { numClasses, logits_NK, labels_N } = predictions;
        const backwards = [...labels_N.keys()].reverse();
        const other = predictionsOf(
          backwards.map((row) =>
            Array.from(
              logits_NK.subarray(row * numClasses, (row + 1) * numClasses),
              (logit) => logit + added,
            ),
          ),
          backwards.map((row) => labels_N[row]),
        );
        const { loss, ...rest } = reportOf(predictions);
        const { loss: otherLoss, ...otherRest } = reportOf(other);
        expect(otherLoss).to.be.closeTo(loss, TOLERANCE);
        expect(otherRest).to.deep.equal(rest);
      }),
    );
  });

  it('survives JSON: no number is infinite or none', () => {
    fc.assert(
      fc.property(anyPredictions, (predictions) => {
        const report = reportOf(predictions);
        expect(JSON.parse(JSON.stringify(report))).to.deep.equal(report);
      }),
    );
  });

  it('refuses logits of which there is no loss', () => {
    const refused = (logits: readonly number[]) => () => reportOf(predictionsOf([[0, 0], logits], [0, 0]));
    for (const logits of [
      [NaN, 0],
      [0, Infinity],
      [-Infinity, 0],
    ])
      expect(refused(logits)).to.throw(
        NumericError,
        /loss of a test of 2 rows is not finite.*lower learning rate/,
      );
    expect(refused([0, -Infinity])).not.to.throw();
  });
});
