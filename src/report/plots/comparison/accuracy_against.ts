import type { TopLevelSpec } from 'vega-lite';
import type { Cell, Comparison } from '../../comparison/comparison.js';
import type { LeftOut, PlotSpec } from '../plot.js';
import { PAGE_WIDTH } from '../theme.js';
import { cellMarks, fieldsOf } from './cell_marks.js';

/** What accuracy is held against. */
interface Cost {
  readonly name: string;
  readonly title: string;
  readonly axis: string;
  /** Mean over the runs of a cell; null where they do not tell. */
  readonly of: (cell: Cell) => number | null;
}

const bytes: Cost = {
  name: 'accuracy_bytes',
  title: 'Accuracy against bytes',
  axis: 'bytes up and down in a run (MB)',
  of: ({ measures: { bytes_up, bytes_down } }) =>
    bytes_up === null || bytes_down === null ? null : (bytes_up.mean + bytes_down.mean) / 1e6,
};

const clientCompute: Cost = {
  name: 'accuracy_client_compute',
  title: 'Accuracy against client compute',
  axis: 'computing time of all clients in a run (s)',
  of: ({ measures: { client_seconds } }) => client_seconds?.mean ?? null,
};

export function accuracyAgainstBytes(comparison: Comparison): PlotSpec | LeftOut {
  return accuracyAgainst(comparison, bytes);
}

export function accuracyAgainstClientCompute(comparison: Comparison): PlotSpec | LeftOut {
  return accuracyAgainst(comparison, clientCompute);
}

function accuracyAgainst(comparison: Comparison, { name, title, axis, of }: Cost): PlotSpec | LeftOut {
  const marks = cellMarks(comparison);
  const values = comparison.cells.flatMap((cell) => {
    const { settings, measures } = cell;
    const [cost, { accuracy }] = [of(cell), measures];
    if (cost === null || accuracy === null) return [];
    const spread = accuracy.spread ?? 0;
    return [
      {
        ...fieldsOf(comparison, settings),
        cost,
        accuracy: accuracy.mean,
        low: accuracy.mean - spread,
        high: accuracy.mean + spread,
        label: marks.labelOf(settings),
      },
    ];
  });
  if (values.length === 0) return { leftOut: `${title}: no run tells its costs.` };
  const spreads = comparison.seeds.length > 1 ? '; lines: one standard deviation over the seeds' : '';
  const legend = marks.key === '' ? '' : ` (${marks.key})`;
  return {
    name,
    title,
    caption: `Each point is a cell${legend}${spreads}. Up and to the left is better.`,
    spec: specOf(values, axis, marks),
  };
}

/** Along a logarithm where the costs differ much, or most cells would lie on the axis. */
function specOf(
  values: readonly { readonly cost: number; readonly label: string }[],
  axis: string,
  { color, shape }: ReturnType<typeof cellMarks>,
): TopLevelSpec {
  const costs = values.map(({ cost }) => cost);
  const [least, most] = [Math.min(...costs), Math.max(...costs)];
  const isWide = least > 0 && most > 20 * least;
  // Room for texts beside the last points.
  const end = most * (values.some(({ label }) => label !== '') ? 1.2 : 1.05);
  return {
    width: PAGE_WIDTH - 240,
    height: 280,
    data: { values: [...values] },
    encoding: {
      x: {
        field: 'cost',
        type: 'quantitative',
        title: isWide ? `${axis}, log scale` : axis,
        scale: isWide
          ? { type: 'log', domain: [least / 1.5, end * 1.5], nice: false }
          : { domain: [0, end], nice: false },
        axis: { tickCount: 8, format: '~f' },
      },
      y: { type: 'quantitative', title: 'test accuracy (0 to 1)', scale: { zero: false, padding: 12 } },
      color: color as { readonly field: string },
    },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 1.5 },
        encoding: { y: { field: 'low' }, y2: { field: 'high' } },
      },
      {
        mark: { type: 'point', filled: true, size: 80, opacity: 1 },
        encoding: { y: { field: 'accuracy' }, shape: shape as { readonly field: string } },
      },
      {
        mark: { type: 'text', align: 'left', dx: 8, dy: -6 },
        encoding: { y: { field: 'accuracy' }, text: { field: 'label' } },
      },
    ],
  };
}
