import type { RunResults } from './results.js';

/** Mean over seeds, and sample standard deviation where there are two or more. */
export interface Measure {
  readonly mean: number;
  readonly spread: number | null;
  readonly runs: number;
}

/** By what is measured; null where no run tells. */
export type Measures = Readonly<Record<keyof RunResults, Measure | null>>;

const names = [
  'accuracy',
  'weighted_f1',
  'macro_f1',
  'loss',
  'wall_seconds',
  'bytes_up',
  'bytes_down',
  'client_seconds',
  'forgetting',
] as const satisfies readonly (keyof RunResults)[];

/** What the runs of a cell measure. */
export function measuresOf(results: readonly RunResults[]): Measures {
  const measured = names.map((name) => [name, measureOf(results.flatMap((result) => result[name] ?? []))]);
  return Object.fromEntries(measured) as Measures;
}

function measureOf(values: readonly number[]): Measure | null {
  const { length: runs } = values;
  if (runs === 0) return null;
  const mean = sum(values) / runs;
  const spread = runs === 1 ? null : Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / (runs - 1));
  return { mean, spread, runs };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
