/** What clients got of a data set. */
export interface DealtRows {
  /** [client][class]: rows */
  readonly classCounts: readonly (readonly number[])[];
  readonly classNames: readonly string[];
  readonly numLeftOut: number;
  readonly whyLeftOut: string;
}

/** With more, numbers by class are left out, and only some clients are shown. */
const MANY_CLASSES = 12;
const MANY_CLIENTS = 40;

/** U+2581 to U+2588: a block of one eighth to eight eighths of a line's height. */
const blocks = Array.from({ length: 8 }, (_, eighth) => String.fromCodePoint(0x2581 + eighth));
const FULL_BLOCK = blocks[7];
const BAR_LENGTH = 24;

interface ClientLine {
  readonly client: number;
  readonly rows: number;
  readonly classes: number;
  readonly counts: readonly number[];
}

/**
 * A table of rows and classes by client, and a picture of it in block characters, a line a client. Above 12 classes without
 * the numbers by class; above 40 clients with 40 of them, evenly from the one with most rows to the one with fewest.
 */
export function splitTableOf({ classCounts, classNames, numLeftOut, whyLeftOut }: DealtRows): string {
  const lines = classCounts.map((counts, client): ClientLine => ({
    client,
    rows: sum(counts),
    classes: counts.filter(Boolean).length,
    counts,
  }));
  const isSmall = classNames.length <= MANY_CLASSES && lines.length <= MANY_CLIENTS;
  const shown = lines.length <= MANY_CLIENTS ? lines : evenlyByRows(lines);
  return [
    ...(isSmall ? [...numbersOf(lines, classNames), ''] : []),
    ...pictureOf(shown, lines, classNames),
    '',
    ...(shown === lines ? [] : [`${shown.length} of ${lines.length} clients are shown, by number of rows.`]),
    `rows a client: ${rangeOf(lines.map(({ rows }) => rows))}; ` +
      `classes a client: ${rangeOf(lines.map(({ classes }) => classes))}`,
    `rows left out: ${numLeftOut}${numLeftOut > 0 ? ` (${whyLeftOut})` : ''}`,
    '',
  ].join('\n');
}

function numbersOf(lines: readonly ClientLine[], classNames: readonly string[]): readonly string[] {
  const ofClass = classNames.map((_, label) => sum(lines.map(({ counts }) => counts[label])));
  const table = aligned([
    ['client', 'rows', 'classes', ...classNames.map((_, label) => String(label))],
    ...lines.map(({ client, rows, classes, counts }) => [client, rows, classes, ...counts].map(String)),
    ['all', ...[sum(ofClass), ofClass.filter(Boolean).length, ...ofClass].map(String)],
  ]);
  const isNumbered = classNames.every((name, label) => name === String(label));
  const legend = `classes: ${classNames.map((name, label) => `${label} ${name}`).join(', ')}`;
  return isNumbered ? table : [...table, legend];
}

function pictureOf(
  shown: readonly ClientLine[],
  all: readonly ClientLine[],
  classNames: readonly string[],
): readonly string[] {
  const areLetters = classNames.every((name) => name.length === 1);
  const letters = areLetters ? classNames : classNames.map((_, label) => String(label % 10));
  const mostRows = largest(all.map(({ rows }) => rows));
  const mostOfClass = largest(all.map(({ counts }) => largest(counts)));
  const block = (count: number) =>
    count === 0 ? '.' : blocks[Math.ceil((count / mostOfClass) * blocks.length) - 1];
  const bar = (rows: number) => FULL_BLOCK.repeat(Math.max(1, Math.round((rows / mostRows) * BAR_LENGTH)));
  const [heading, ...table] = aligned([
    ['client', 'rows', 'classes'],
    ...shown.map(({ client, rows, classes }) => [client, rows, classes].map(String)),
  ]);
  return [
    `A block a class, from . (no row) to ${FULL_BLOCK} (${mostOfClass} rows); a bar for all rows of a client.`,
    `${heading}  ${letters.join('')}`,
    ...shown.map(({ rows, counts }, at) => `${table[at]}  ${counts.map(block).join('')}  ${bar(rows)}`),
  ];
}

function evenlyByRows(lines: readonly ClientLine[]): readonly ClientLine[] {
  const sorted = lines.toSorted((a, b) => b.rows - a.rows || a.client - b.client);
  const step = (lines.length - 1) / (MANY_CLIENTS - 1);
  return Array.from({ length: MANY_CLIENTS }, (_, at) => sorted[Math.round(at * step)]);
}

/** Columns on the right, two spaces between. */
function aligned(table: readonly (readonly string[])[]): readonly string[] {
  const widths = table[0].map((_, column) => largest(table.map((cells) => cells[column].length)));
  return table.map((cells) => cells.map((cell, column) => cell.padStart(widths[column])).join('  '));
}

function rangeOf(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  return `${sorted[0]} to ${sorted[sorted.length - 1]}, median ${middle}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function largest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), 0);
}
