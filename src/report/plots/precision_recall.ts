import type { Evaluations, PrecisionRecallCurve } from '../../core/evaluation.js';
import { clientColor } from './client_color.js';
import type { LeftOut, PlotSpec } from './plot.js';
import type { RunRecord } from './run_record.js';
import { OVERALL_COLOR, palette } from './theme.js';

/** Above so many classes only the best and the worst few are drawn. */
const MANY_CLASSES = 10;
const NUM_EXTREMES = 3;
/** Classes in solid lines, where all are drawn; those after them have the same colours, dashed. */
const NUM_COLORS = 5;

const square = { width: 360, height: 360 } as const;
const line = { type: 'line', clip: true } as const;

/** One class against all others, for each class, and all questions together. */
export function precisionRecallPlot({ evaluations }: RunRecord): PlotSpec {
  const { overall } = evaluations;
  const known = classCurves(evaluations);
  const isShortened = known.length > MANY_CLASSES;
  const classes = isShortened ? extremes(known) : known;
  const micro = {
    name: `all, micro (AP ${overall.micro_average_precision.toFixed(3)})`,
    precision: overall.micro_average_precision,
    curve: overall.curves.micro,
  };
  const lines = [...classes, micro];
  const domain = lines.map(({ name }) => name);
  const numSolid = isShortened ? NUM_EXTREMES : NUM_COLORS;
  const axes = axesFor(lines);
  return {
    name: 'precision_recall',
    title: 'Precision and recall by class',
    caption:
      'Of the final head and tail on the test rows: the nearer a curve is to the top right corner, the better. AP is average ' +
      'precision, the area under a curve.' +
      (isShortened
        ? ` Drawn are the ${NUM_EXTREMES} best classes (solid) and the ${NUM_EXTREMES} worst (dashed).`
        : '') +
      (known.length < overall.classes.length ? ' A class without test rows has no curve.' : '') +
      axes.note,
    spec: {
      ...square,
      data: {
        values: lines.flatMap(({ name, curve }) =>
          pointsOf(curve).map((point) => ({ ...point, name, width: name === micro.name ? 3 : 1.5 })),
        ),
      },
      mark: line,
      encoding: {
        ...axes.encoding,
        color: {
          field: 'name',
          type: 'nominal',
          scale: { domain, range: [...classes.map((_, at) => palette[at % numSolid]), OVERALL_COLOR] },
          legend: { title: 'class', symbolType: 'stroke', symbolSize: 400, symbolStrokeWidth: 2 },
        },
        strokeDash: {
          field: 'name',
          type: 'nominal',
          scale: { domain, range: [...classes.map((_, at) => (at < numSolid ? [1, 0] : [5, 3])), [1, 0]] },
        },
        strokeWidth: { field: 'width', type: 'quantitative', scale: null },
      },
    },
  };
}

/** All classes together, for each client's last test. */
export function clientPrecisionRecallPlot({ scheme, evaluations }: RunRecord): PlotSpec | LeftOut {
  const tested = evaluations.clients.flatMap((report, client) =>
    report === null
      ? []
      : [{ client, precision: report.micro_average_precision, curve: report.curves.micro }],
  );
  if (tested.length < 2)
    return { leftOut: 'Precision and recall by client: fewer than two clients were tested.' };
  const axes = axesFor(tested);
  return {
    name: 'precision_recall_clients',
    title: 'Precision and recall by client',
    caption: `All classes together (micro-averaged). ${scheme.clientTests}` + axes.note,
    spec: {
      ...square,
      data: {
        values: tested.flatMap(({ client, curve }) => pointsOf(curve).map((point) => ({ ...point, client }))),
      },
      mark: { ...line, strokeWidth: 1.75 },
      encoding: {
        ...axes.encoding,
        detail: { field: 'client', type: 'nominal' },
        color: clientColor(evaluations.clients.length),
      },
    },
  };
}

interface Curve {
  /** Average precision. */
  readonly precision: number;
  readonly curve: PrecisionRecallCurve;
}

interface ClassCurve extends Curve {
  /** In the legend. */
  readonly name: string;
}

/** Of the classes that test rows have, in order. */
function classCurves({ class_names: names, overall }: Evaluations): readonly ClassCurve[] {
  return overall.classes.flatMap(({ class: label, average_precision: precision }) => {
    const curve = overall.curves.classes[label];
    if (curve === null || precision === null) return [];
    return [{ name: `${names[label]} (AP ${precision.toFixed(3)})`, precision, curve }];
  });
}

/** The best few and the worst few, from the best one down. */
function extremes(curves: readonly ClassCurve[]): readonly ClassCurve[] {
  const fromBest = curves.toSorted((one, other) => other.precision - one.precision);
  return [...fromBest.slice(0, NUM_EXTREMES), ...fromBest.slice(-NUM_EXTREMES)];
}

/** Axes that begin where even the worst of the curves has something to show. */
function axesFor(curves: readonly Curve[]) {
  const worst = Math.min(...curves.map(({ precision }) => precision));
  const low = worst >= 0.98 ? 0.9 : worst >= 0.9 ? 0.5 : 0;
  const type = 'quantitative' as const;
  const axis = { type, scale: { domain: [low, 1] }, axis: { tickCount: 5 } };
  return {
    note: low > 0 ? ` Both axes begin at ${low}.` : '',
    encoding: {
      x: { field: 'recall', title: 'recall', ...axis },
      y: { field: 'precision', title: 'precision', ...axis },
      order: { field: 'index', type },
    },
  };
}

function pointsOf({ recall, precision }: PrecisionRecallCurve) {
  return recall.map((value, index) => ({ recall: value, precision: precision[index], index }));
}
