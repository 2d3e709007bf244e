import type { ForgettingMatrix } from '../../core/evaluation.js';
import { cellSize, heatMapSpec } from './heat_map.js';
import type { LeftOut, PlotSpec } from './plot.js';
import type { RunRecord } from './run_record.js';

/** A taller matrix shows only some of its rounds. */
const MAX_ROWS = 120;

/** What the newest head and tail know of each client's classes, test by test. */
export function forgettingPlot({ evaluations, summary }: RunRecord): PlotSpec | LeftOut {
  const { forgetting } = evaluations;
  const numClients = summary.clients.length;
  if (forgetting === null)
    return { leftOut: evaluations.notes.length > 0 ? null : 'Forgetting matrix: no test for it was due.' };
  if (numClients < 2) return { leftOut: 'Forgetting matrix: with one client there is nobody to forget.' };
  const shown = shownTests(forgetting);
  const height = cellSize(shown.length, 640, 7, 24);
  return {
    name: 'forgetting',
    title: 'Forgetting matrix',
    caption:
      `Each line is a test on ${forgetting.samples.toLocaleString('en-US')} fixed test rows, each column a client: accuracy ` +
      "on the client's mix of classes. Outlined: the client visited last. A column that grows dark below its outline is forgotten." +
      (forgetting.accuracy.flat().includes(null)
        ? ' An empty cell: the test rows have none of the classes.'
        : '') +
      (shown.length < forgetting.visits.length ? ' Only some of the rounds are shown.' : ''),
    spec: heatMapSpec({
      columns: {
        title: 'client whose classes are asked',
        labels: summary.clients.map(({ client }) => String(client)),
      },
      rows: {
        title: 'after visit',
        labels: rowLabels(
          shown.map((test) => forgetting.visits[test]),
          height,
        ),
      },
      cells: shown.flatMap((test, row) =>
        forgetting.accuracy[test].flatMap((value, column) => {
          const isMarked = forgetting.visits[test].client === column;
          return value === null ? [] : [{ row, column, value, text: value.toFixed(2), isMarked }];
        }),
      ),
      cellWidth: cellSize(numClients, 480, 9, 56),
      cellHeight: height,
      scale: { title: 'accuracy', domain: [0, 1], format: '.1f' },
    }),
  };
}

/** Positions of the tests that are drawn: all, or those of evenly spaced rounds, the first and the last among them. */
function shownTests({ visits }: ForgettingMatrix): readonly number[] {
  const all = visits.map((_, test) => test);
  if (visits.length <= MAX_ROWS) return all;
  const rounds = [...new Set(visits.map(({ round }) => round))];
  const numShown = Math.max(2, Math.floor((MAX_ROWS * rounds.length) / visits.length));
  const shown = new Set(
    Array.from(
      { length: numShown },
      (_, index) => rounds[Math.round((index * (rounds.length - 1)) / (numShown - 1))],
    ),
  );
  return all.filter((test) => shown.has(visits[test].round));
}

/** Where lines are low, only the first of a round is named. */
function rowLabels(tests: ForgettingMatrix['visits'], height: number): readonly string[] {
  return tests.map(({ round, client }, row) => {
    const isFirst = row === 0 || tests[row - 1].round !== round;
    if (height < 10) return isFirst ? `round ${round + 1}` : '';
    return `round ${round + 1}, client ${client}`;
  });
}
