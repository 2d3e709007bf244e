import type { Cell, CellRun, Comparison } from '../../src/report/comparison/comparison.js';
import { COMPARISON_FORMAT } from '../../src/report/comparison/file.js';
import { measuresOf } from '../../src/report/comparison/measures.js';
import type { RunResults } from '../../src/report/comparison/results.js';
import { cellsOf, type Sweep } from '../../src/config/sweep.js';

export interface MadeComparison {
  readonly sweeps?: readonly Sweep[];
  readonly seeds?: readonly number[];
  readonly hasCosts?: boolean;
}

const usual: readonly Sweep[] = [
  { key: 'n_workers', values: [2, 8] },
  { key: 'cut', values: ['pool1', 'pool2', 'fc1'] },
];

/** A comparison all of whose runs are done, with numbers that a formula made: the same ones every time. */
export function madeComparison({
  sweeps = usual,
  seeds = [0, 1, 2],
  hasCosts = true,
}: MadeComparison = {}): Comparison {
  const cells = cellsOf(sweeps).map((settings, index): Cell => {
    const runs = seeds.map((seed): CellRun => {
      const directory = `runs/${index}_seed-${seed}`;
      const results = resultsOf(index, seed, hasCosts);
      return { seed, directory, status: 'done', why_failed: null, was_resumed: false, results };
    });
    const measures = measuresOf(runs.flatMap(({ results }) => results ?? []));
    return { settings, why_skipped: null, estimate: 1000 * (index + 1), runs, measures };
  });
  return { format: COMPARISON_FORMAT, version: '0.1.0', sweeps, seeds, order: 'given', cells };
}

function resultsOf(index: number, seed: number, hasCosts: boolean): RunResults {
  const accuracy = 0.9 - 0.04 * index + 0.01 * seed;
  return {
    accuracy,
    weighted_f1: accuracy - 0.01,
    macro_f1: accuracy - 0.02,
    loss: 1 - accuracy,
    wall_seconds: 4 + index,
    bytes_up: hasCosts ? 5e6 * 2 ** index : null,
    bytes_down: hasCosts ? 3e6 * 2 ** index : null,
    client_seconds: hasCosts ? 12 / (index + 1) : null,
    forgetting: 0.1 * index,
  };
}
