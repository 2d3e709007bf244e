import type { Measurement } from './stats.js';

/** A measurement with what it should be: the target, then the stretch. */
export interface Row extends Measurement {
  readonly target: string;
  isReached(median: number): boolean;
}

export function formatRow(row: Row, isQuiet: boolean): string {
  const verdict = !isQuiet ? 'not quiet' : row.isReached(row.median) ? 'reached' : 'MISSED';
  return `${row.subject.padEnd(60)} ${row.text.padEnd(56)} ${row.target.padEnd(14)} ${verdict}`;
}
