import type { ClassificationReport, ClassScore, PrecisionRecallCurve } from '../core/evaluation.js';

/** Recalls at which curves are averaged. */
const NUM_POINTS = 101;

/**
 * What several models come to on the same test rows: every score is the mean of theirs, the confusion matrix the sum (its rows
 * count every model's answers), and a curve the mean precision at equal recall. Of one report, the report.
 */
export function meanReport(reports: readonly ClassificationReport[]): ClassificationReport {
  const [first] = reports;
  if (reports.length === 1) return first;
  const mean = (of: (report: ClassificationReport) => number) => meanOf(reports.map(of));
  return {
    rows: first.rows,
    loss: mean(({ loss }) => loss),
    accuracy: mean(({ accuracy }) => accuracy),
    weighted_f1: mean(({ weighted_f1 }) => weighted_f1),
    macro_f1: mean(({ macro_f1 }) => macro_f1),
    micro_average_precision: mean(({ micro_average_precision }) => micro_average_precision),
    classes: first.classes.map((_, label) => meanClass(reports.map(({ classes }) => classes[label]))),
    confusion: first.confusion.map((row, label) =>
      row.map((_, answer) => reports.reduce((sum, { confusion }) => sum + confusion[label][answer], 0)),
    ),
    curves: {
      classes: first.curves.classes.map((_, label) =>
        meanCurve(reports.flatMap(({ curves }) => curves.classes[label] ?? [])),
      ),
      micro: meanCurve(reports.map(({ curves }) => curves.micro)) ?? first.curves.micro,
    },
  };
}

/** Average precision is null of all or of none: they were tested on the same rows. */
function meanClass(scores: readonly ClassScore[]): ClassScore {
  const [{ class: label, support }] = scores;
  const precisions = scores.flatMap(({ average_precision }) => average_precision ?? []);
  return {
    class: label,
    support,
    precision: meanOf(scores.map(({ precision }) => precision)),
    recall: meanOf(scores.map(({ recall }) => recall)),
    f1: meanOf(scores.map(({ f1 }) => f1)),
    average_precision: precisions.length === 0 ? null : meanOf(precisions),
  };
}

function meanCurve(curves: readonly PrecisionRecallCurve[]): PrecisionRecallCurve | null {
  if (curves.length === 0) return null;
  const recall = Array.from({ length: NUM_POINTS }, (_, index) => index / (NUM_POINTS - 1));
  return {
    recall,
    precision: recall.map((wanted) =>
      meanOf(curves.map((curve) => curve.precision[curve.recall.findIndex((each) => each >= wanted)])),
    ),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * What tests of several models, each on rows of its own, come to: loss and accuracy are those of all rows together, other scores the
 * mean weighted by rows, the confusion matrix the sum; curves and scores of classes are as in `meanReport`, with all rows counted.
 */
export function pooledReport(reports: readonly ClassificationReport[]): ClassificationReport {
  const rows = reports.reduce((sum, report) => sum + report.rows, 0);
  const weighted = (of: (report: ClassificationReport) => number) =>
    reports.reduce((sum, report) => sum + of(report) * report.rows, 0) / rows;
  const mean = meanReport(reports);
  return {
    ...mean,
    rows,
    loss: weighted(({ loss }) => loss),
    accuracy: weighted(({ accuracy }) => accuracy),
    weighted_f1: weighted(({ weighted_f1 }) => weighted_f1),
    macro_f1: weighted(({ macro_f1 }) => macro_f1),
    micro_average_precision: weighted(({ micro_average_precision }) => micro_average_precision),
    classes: mean.classes.map((score, label) => ({
      ...score,
      support: reports.reduce((sum, { classes }) => sum + classes[label].support, 0),
    })),
  };
}
