import { networkLines } from '../planner/network_time.js';
import { formatSize } from './page/numbers.js';
import { alignColumns } from './table.js';

/** One way to cut a network, in numbers. */
export interface CutRow {
  /** Name of the head's last layer, and of the last of the server's where clients have those behind it. */
  readonly name: string;
  readonly isRecommended: boolean;
  /** The one that the options ask for. */
  readonly isAsked: boolean;
  readonly numClientParameters: number;
  readonly clientFlop: number;
  readonly serverFlop: number;
  /** What goes up is the rows in another form. */
  readonly sendsRows: boolean;
  readonly upBytes: number;
  readonly downBytes: number;
  readonly handOverBytes: number;
  readonly clientMemoryBytes: number;
  /** On each of `networkLines`. */
  readonly epochSeconds: readonly number[];
  readonly measured: MeasuredCut | undefined;
}

/** Milliseconds of a batch on this machine. */
export interface MeasuredCut {
  readonly clientForwardMs: number;
  readonly clientBackwardMs: number;
  readonly serverForwardMs: number;
  readonly serverBackwardMs: number;
}

/** A line a cut, `*` before the recommended one, `>` before the one asked for. */
export function cutTable(rows: readonly CutRow[]): readonly string[] {
  const isMeasured = rows.some(({ measured }) => measured !== undefined);
  const header = [
    'cut after',
    'parameters',
    'client MFLOP',
    'server MFLOP',
    'bytes up',
    'bytes down',
    'hand-over',
    'client memory',
    ...networkLines.map(({ name }) => `epoch, ${name}`),
    ...(isMeasured ? ['client ms', 'server ms'] : []),
  ];
  return alignColumns([header, ...rows.map(cellsOf)]);
}

function cellsOf(row: CutRow): string[] {
  const { isRecommended, isAsked, measured } = row;
  const mark = `${isRecommended ? '*' : ' '}${isAsked ? '>' : ' '}`;
  return [
    `${mark} ${row.name}`,
    String(row.numClientParameters),
    megaFlop(row.clientFlop),
    megaFlop(row.serverFlop),
    String(row.upBytes),
    String(row.downBytes),
    formatSize(row.handOverBytes),
    formatSize(row.clientMemoryBytes),
    ...row.epochSeconds.map(formatSeconds),
    ...(measured
      ? [
          `${measured.clientForwardMs.toFixed(2)} + ${measured.clientBackwardMs.toFixed(2)}`,
          `${measured.serverForwardMs.toFixed(2)} + ${measured.serverBackwardMs.toFixed(2)}`,
        ]
      : []),
  ];
}

function megaFlop(flop: number): string {
  return (flop / 1e6).toFixed(3);
}

/** `12.3 s`, `4 min 5 s`, `3 h 20 min` */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
