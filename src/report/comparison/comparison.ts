import type { Measures } from './measures.js';
import type { RunResults } from './results.js';

/** One choice of a value for every swept key, keys as in YAML. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

export const orders = ['given', 'cheap'] as const;
/** In which order cells are run: as they were given, or those first that cost least. */
export type Order = (typeof orders)[number];

/** `comparison.json`: what is compared, and how far it is. */
export interface Comparison {
  readonly format: number;
  /** Of bloom-split. */
  readonly version: string;
  readonly sweeps: readonly { readonly key: string; readonly values: readonly Settings[string][] }[];
  readonly seeds: readonly number[];
  readonly order: Order;
  /** In the order of the sweeps, the last one changing fastest. */
  readonly cells: readonly Cell[];
}

export interface Cell {
  readonly settings: Settings;
  /** Why it is not run, as a sentence; null where it is. */
  readonly why_skipped: string | null;
  /** Multiplications of the forward passes of a run: what `cheap` goes by; null where it is skipped. */
  readonly estimate: number | null;
  /** One a seed; none where it is skipped. */
  readonly runs: readonly CellRun[];
  /** Over the runs that are done. */
  readonly measures: Measures;
}

export interface CellRun {
  readonly seed: number;
  /** Relative to the comparison's. */
  readonly directory: string;
  readonly status: 'waiting' | 'interrupted' | 'done' | 'failed';
  readonly why_failed: string | null;
  /** It went on after it was interrupted: its time is not known. */
  readonly was_resumed: boolean;
  /** Null where it is not done. */
  readonly results: RunResults | null;
}

/** Every run with its cell, in the order of the cells. */
export function runsOf(comparison: Comparison): readonly { readonly cell: Cell; readonly run: CellRun }[] {
  return comparison.cells.flatMap((cell) => cell.runs.map((run) => ({ cell, run })));
}

/** `n_workers 2, cut pool1`; what stands for a cell of which nothing is swept is "as given". */
export function nameOf(settings: Settings): string {
  const parts = Object.entries(settings).map(([key, value]) => `${key} ${textOf(value)}`);
  return parts.length === 0 ? 'as given' : parts.join(', ');
}

/** A value for people. */
export function textOf(value: Settings[string]): string {
  return value === '' ? '(empty)' : String(value);
}
