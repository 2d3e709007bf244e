import type { LeftOut, PlotSpec } from './plot.js';
import type { RunRecord } from './run_record.js';
import { OVERALL_COLOR, PAGE_WIDTH, palette } from './theme.js';

/** Above so many rounds their points would hide their lines. */
const MANY_ROUNDS = 40;

/** What a round gave, in training and in the test at its end. */
export function accuracyPlot({ rounds }: RunRecord): PlotSpec | LeftOut {
  if (rounds.length < 2)
    return { leftOut: 'Accuracy by round: fewer than two rounds ended; the table has the test.' };
  const [tested, f1, trained] = ['test accuracy', 'test weighted F1', 'training accuracy'];
  const values = rounds.flatMap(({ round, train, test }) => [
    { round: round + 1, series: tested, score: test.accuracy },
    { round: round + 1, series: f1, score: test.weighted_f1 },
    { round: round + 1, series: trained, score: train.accuracy },
  ]);
  const domain = [tested, f1, trained];
  return {
    name: 'accuracy',
    title: 'Accuracy by round',
    caption:
      'Test: the newest head and tail on all test rows at the end of each round. Training: mean over the rows of the ' +
      'round, each before it is trained.',
    spec: {
      width: PAGE_WIDTH - 200,
      height: 240,
      data: { values },
      mark: { type: 'line', strokeWidth: 2, point: rounds.length > MANY_ROUNDS ? false : { size: 36 } },
      encoding: {
        x: {
          field: 'round',
          type: 'quantitative',
          axis: { title: 'round', tickMinStep: 1, format: 'd', grid: false },
          scale: { nice: false, domain: [1, rounds.length] },
        },
        y: {
          field: 'score',
          type: 'quantitative',
          title: 'accuracy, weighted F1 (0 to 1)',
          scale: { zero: false },
        },
        color: {
          field: 'series',
          type: 'nominal',
          scale: { domain, range: [OVERALL_COLOR, palette[1], palette[0]] },
          legend: { title: null, symbolType: 'stroke', symbolStrokeWidth: 2, symbolSize: 300 },
        },
        strokeDash: {
          field: 'series',
          type: 'nominal',
          scale: {
            domain,
            range: [
              [1, 0],
              [6, 3],
              [1, 0],
            ],
          },
        },
      },
    },
  };
}
