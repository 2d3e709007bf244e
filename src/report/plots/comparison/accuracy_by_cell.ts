import { textOf, type Comparison, type Settings } from '../../comparison/comparison.js';
import type { LeftOut, PlotSpec } from '../plot.js';
import { OVERALL_COLOR, PAGE_WIDTH, palette } from '../theme.js';

/** The accuracy of every cell, and of every run in it. */
export function accuracyByCell({ sweeps, cells, seeds }: Comparison): PlotSpec | LeftOut {
  const means = cells.flatMap(({ settings, measures: { accuracy } }) =>
    accuracy === null
      ? []
      : [
          {
            cell: valuesOf(settings),
            accuracy: accuracy.mean,
            low: accuracy.mean - (accuracy.spread ?? 0),
            high: accuracy.mean + (accuracy.spread ?? 0),
          },
        ],
  );
  if (means.length === 0) return { leftOut: 'Accuracy by cell: no run is done.' };
  const runs = cells.flatMap(({ settings, runs: all }) =>
    all.flatMap(({ results }) =>
      results === null ? [] : [{ cell: valuesOf(settings), accuracy: results.accuracy }],
    ),
  );
  return {
    name: 'accuracy_by_cell',
    title: 'Accuracy by cell',
    caption:
      seeds.length === 1
        ? 'Test accuracy of the final head and tail.'
        : 'Test accuracy of the final head and tail. Black: mean over the seeds and one standard deviation to each side; ' +
          'blue: each run.',
    spec: {
      width: PAGE_WIDTH - 300,
      height: { step: 26 },
      encoding: {
        y: {
          field: 'cell',
          type: 'nominal',
          sort: null,
          axis: {
            title: sweeps.length === 0 ? null : sweeps.map(({ key }) => key).join(', '),
            domain: false,
            ticks: false,
            labelPadding: 8,
            labelLimit: 260,
            grid: true,
          },
        },
        x: { type: 'quantitative', title: 'test accuracy (0 to 1)', scale: { zero: false } },
      },
      layer: [
        {
          data: { values: runs },
          mark: { type: 'tick', color: palette[0], thickness: 2, size: 14, opacity: 0.8 },
          encoding: { x: { field: 'accuracy' } },
        },
        ...(seeds.length === 1
          ? []
          : ([
              {
                data: { values: means },
                mark: { type: 'rule', color: OVERALL_COLOR, strokeWidth: 1.5 },
                encoding: { x: { field: 'low' }, x2: { field: 'high' } },
              },
              {
                data: { values: means },
                mark: { type: 'point', color: OVERALL_COLOR, filled: true, size: 42, opacity: 1 },
                encoding: { x: { field: 'accuracy' } },
              },
            ] as const)),
      ],
    },
  };
}

/** The values alone: the axis names their keys. */
function valuesOf(settings: Settings): string {
  const values = Object.values(settings).map(textOf);
  return values.length === 0 ? 'as given' : values.join(', ');
}
