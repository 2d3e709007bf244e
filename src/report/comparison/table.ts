import { alignColumns } from '../table.js';
import { nameOf, runsOf, textOf, type Cell, type Comparison } from './comparison.js';
import type { Measure } from './measures.js';

/** Columns and rows of text; the first `numKeys` columns are what was swept, the others are numbers. */
export interface ComparisonTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly numKeys: number;
}

const DASH = '\u2013';

/** The comparison as a table, a row a cell: means over seeds, with their spread. */
export function tableOf({ sweeps, cells }: Comparison): ComparisonTable {
  const keys = sweeps.map(({ key }) => key);
  return {
    columns: [...keys, 'runs', ...measured.map(({ title }) => title)],
    rows: cells.map((cell) => [
      ...keys.map((key) => textOf(cell.settings[key])),
      runsText(cell),
      ...measured.map(({ name, format }) => withSpread(cell.measures[name], format)),
    ]),
    numKeys: keys.length,
  };
}

/** What the columns mean. */
export const legend =
  'Mean over the runs of a cell, with their sample standard deviation (\u00b1) where there are two or more. Accuracy and ' +
  'weighted F1: final head and tail on all test rows. Time: wall time of a run. Up, down: bytes of all clients in a run. Client ' +
  'compute: of all clients. Forgetting: best accuracy on the rows of a client before the last test minus the accuracy in that ' +
  `test, mean over clients. ${DASH}: not measured.`;

/** How a number is written; how many places, the mean decides. */
type Format = (value: number, mean: number) => string;

const ratio: Format = (value) => value.toFixed(4);
const duration: Format = (value, mean) => value.toFixed(mean < 10 ? 2 : 1);
const megabytes: Format = (value, mean) => (value / 1e6).toFixed(mean < 10e6 ? 3 : mean < 1e9 ? 1 : 0);

const measured = [
  { name: 'accuracy', title: 'accuracy', format: ratio },
  { name: 'weighted_f1', title: 'weighted F1', format: ratio },
  { name: 'wall_seconds', title: 'time (s)', format: duration },
  { name: 'bytes_up', title: 'up (MB)', format: megabytes },
  { name: 'bytes_down', title: 'down (MB)', format: megabytes },
  { name: 'client_seconds', title: 'client compute (s)', format: duration },
  { name: 'forgetting', title: 'forgetting', format: ratio },
] as const;

function withSpread(measure: Measure | null, format: Format): string {
  if (measure === null) return DASH;
  const { mean, spread } = measure;
  return `${format(mean, mean)}${spread === null ? '' : ` \u00b1 ${format(spread, mean)}`}`;
}

/** `3`, or `2 of 3` where not all are done. */
function runsText({ runs, why_skipped }: Cell): string {
  if (why_skipped !== null) return 'skipped';
  const done = runs.filter(({ status }) => status === 'done').length;
  return done === runs.length ? String(done) : `${done} of ${runs.length}`;
}

/** The table for a terminal. */
export function terminalTable(comparison: Comparison): string {
  const { columns, rows } = tableOf(comparison);
  return alignColumns([columns, ...rows]).join('\n');
}

/** The comparison as a Markdown file. */
export function markdownOf(comparison: Comparison): string {
  const { columns, rows, numKeys } = tableOf(comparison);
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  const rule = columns.map((_, column) => (column < numKeys ? '---' : '--:'));
  const notes = notesOf(comparison).map((note) => `- ${note}`);
  return [
    `# ${titleOf(comparison)}`,
    [line(columns), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n'),
    legend,
    ...(notes.length === 0 ? [] : ['Not in the table:', notes.join('\n')]),
    '',
  ].join('\n\n');
}

export function titleOf({ sweeps, seeds }: Comparison): string {
  const keys = sweeps.map(({ key }) => key);
  const over = seeds.length === 1 ? `seed ${seeds[0]}` : `${seeds.length} seeds`;
  return `Comparison of ${keys.length === 0 ? 'seeds' : keys.join(', ')} (${over})`;
}

/** What is not in the table, and why, a sentence each. */
export function notesOf(comparison: Comparison): readonly string[] {
  return [
    ...skippedOf(comparison).map(({ names, why }) => `${names}: skipped. ${why}`),
    ...runsOf(comparison).flatMap(({ cell: { settings }, run }) => {
      const name = `${nameOf(settings)}, seed ${run.seed}`;
      if (run.status === 'done') return [];
      return [
        run.status === 'failed' ? `${name}: failed. ${String(run.why_failed)}` : `${name}: ${run.status}.`,
      ];
    }),
  ];
}

/** Which cells are skipped, by the reason why. */
export function skippedOf({
  cells,
}: Comparison): readonly { readonly names: string; readonly why: string }[] {
  const namesByReason = new Map<string, string[]>();
  for (const { settings, why_skipped: why } of cells)
    if (why !== null) namesByReason.set(why, [...(namesByReason.get(why) ?? []), nameOf(settings)]);
  return [...namesByReason].map(([why, names]) => ({ names: names.join('; '), why }));
}

/** A bar would begin another column. */
function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
