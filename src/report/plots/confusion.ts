import type { ClassificationReport } from '../../core/evaluation.js';
import { cellSize, heatMapSpec } from './heat_map.js';
import type { PlotSpec } from './plot.js';
import type { RunRecord } from './run_record.js';

/** Which classes the final head and tail take for which. */
export function confusionPlot({ evaluations }: RunRecord): PlotSpec {
  const { class_names: labels, overall } = evaluations;
  const size = cellSize(labels.length, 520, 9, 44);
  return {
    name: 'confusion',
    title: 'Confusion matrix',
    caption:
      'Test rows of a class (row) that the final head and tail gave an answer (column); an empty cell is none. Colour: share ' +
      "of the class's rows, on a square-root scale, so that rare mistakes are seen too.",
    spec: heatMapSpec({
      columns: { title: 'answer', labels },
      rows: { title: 'true class', labels },
      cells: cellsOf(overall),
      cellWidth: size,
      cellHeight: size,
      scale: { title: 'share of row', domain: [0, 1], format: '.0%', isSquareRoot: true },
    }),
  };
}

function cellsOf({ confusion, classes }: ClassificationReport) {
  return confusion.flatMap((counts, row) =>
    counts.flatMap((count, column) => {
      const { support } = classes[row];
      return count === 0
        ? []
        : [{ row, column, value: count / support, text: count.toLocaleString('en-US') }];
    }),
  );
}
