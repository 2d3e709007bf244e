import { cellSize, heatMapSpec } from './heat_map.js';
import { draw, type LeftOut, type Plot, type PlotSpec } from './plot.js';
import type { RunRecord } from './run_record.js';

/** Draws who has which classes; `classCounts` is [client][class]. Needs no run. */
export function drawClassCounts(
  classCounts: readonly (readonly number[])[],
  classNames: readonly string[],
): Promise<Plot> {
  return draw(classCountsSpec(classCounts, classNames));
}

/** Who has which classes. */
export function classCountsPlot({ evaluations }: RunRecord): PlotSpec | LeftOut {
  const { class_counts: counts, class_names: names } = evaluations;
  return counts === null ? { leftOut: null } : classCountsSpec(counts, names);
}

function classCountsSpec(
  classCounts: readonly (readonly number[])[],
  classNames: readonly string[],
): PlotSpec {
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
  // Two at least: a scale needs two ends.
  const largest = Math.max(2, ...classCounts.flat());
  return {
    name: 'class_counts',
    title: 'Training rows by client and class',
    caption: 'Each line is a client: how many training rows of each class it has; an empty cell is none.',
    spec: heatMapSpec({
      columns: { title: 'class', labels: classNames },
      rows: {
        title: 'client (rows)',
        labels: classCounts.map((counts, client) => `${client} (${total(counts).toLocaleString('en-US')})`),
      },
      cells: classCounts.flatMap((counts, row) =>
        counts.flatMap((value, column) =>
          value === 0 ? [] : [{ row, column, value, text: value.toLocaleString('en-US') }],
        ),
      ),
      cellWidth: cellSize(classNames.length, 540, 9, 54),
      cellHeight: cellSize(classCounts.length, 480, 9, 28),
      scale: { title: 'rows', domain: [1, largest], named: evenly(1, largest), format: ',d' },
    }),
  };
}

/** Whole numbers from the first to the last, both included, so that a legend shows where its scale begins and ends. */
function evenly(first: number, last: number): readonly number[] {
  const parts = Math.min(4, last - first);
  return Array.from({ length: parts + 1 }, (_, at) => Math.round(first + ((last - first) * at) / parts));
}
