import { createReadStream } from 'node:fs';
import { DataError } from '../../core/errors.js';

/** A number; as text where JSON has none for it, which W&B reads: "NaN", "Infinity", "-Infinity". */
export type HistoryValue = number | string;
export type HistoryValues = Readonly<Record<string, HistoryValue>>;

/** One step of a run's history. */
export interface HistoryRow {
  /** Its `_step`. */
  readonly step: number;
  readonly values: HistoryValues;
  /** Where in metrics.jsonl the next one begins. */
  readonly endBytes: number;
}

export interface HistoryStart {
  readonly bytes: number;
  /** The `_step` of the last row before it. */
  readonly lastStep: number;
}

/** What events are called in a history. */
const sections: Readonly<Record<string, string>> = { step: 'train', evaluation: 'test' };
const MAX_DEPTH = 8;
/** Where an event belongs, not what it measured. */
const places: ReadonlySet<string> = new Set(['type', 'step', 'steps', 'round', 'client', 'rows']);

/**
 * The rows in metrics.jsonl from a place on, one for each trained batch, with what was measured after it: W&B wants every `_step`
 * once, in rising order. The last row may still grow: it comes only where `isComplete`, or where the file has its last line. A line
 * that is not whole yet is left for later. Throws DataError.
 */
export async function* readHistory(
  path: string,
  start: HistoryStart,
  isComplete: boolean,
): AsyncGenerator<HistoryRow> {
  let step = start.lastStep;
  let values: Record<string, HistoryValue> | undefined;
  let readBytes = start.bytes;
  for await (const { text, endBytes } of readLines(path, start.bytes)) {
    const event = eventIn(text, path, readBytes);
    const isLast = event.type === 'summary';
    if (values && (isLast || event.type === 'step')) {
      yield { step, values, endBytes: isLast ? endBytes : readBytes };
      values = undefined;
    }
    if (!isLast) {
      if (typeof event.step === 'number') step = event.step;
      values ??= { _step: step };
      Object.assign(values, valuesOf(event));
    }
    readBytes = endBytes;
  }
  if (values && isComplete) yield { step, values, endBytes: readBytes };
}

/** The numbers of an event: `train/loss`, `round/test/accuracy`, and those of a visit by client too. */
function valuesOf({ type, ...event }: MetricsEvent): HistoryValues {
  if (type === 'hand_over' || type === 'average') return {};
  const section = Object.hasOwn(sections, type) ? sections[type] : type;
  const values: Record<string, HistoryValue> = {};
  for (const place of ['round', 'client']) collect(values, place, event[place]);
  for (const [name, value] of Object.entries(event)) {
    if (places.has(name)) continue;
    collect(values, `${section}/${name}`, value);
    if ((type === 'visit' || type === 'evaluation') && typeof event.client === 'number')
      collect(values, `clients/${event.client}/${section}/${name}`, value);
  }
  return values;
}

/** What lies deeper than anything in an event of ours is left out. */
function collect(values: Record<string, HistoryValue>, name: string, value: unknown, depth = 0): void {
  if (typeof value === 'number') values[name] = Number.isFinite(value) ? value : String(value);
  else if (typeof value === 'object' && value !== null && depth < MAX_DEPTH)
    for (const [part, inner] of Object.entries(value)) collect(values, `${name}/${part}`, inner, depth + 1);
}

interface MetricsEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

function eventIn(text: string, path: string, atBytes: number): MetricsEvent {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    content = undefined;
  }
  if (
    typeof content === 'object' &&
    content !== null &&
    'type' in content &&
    typeof content.type === 'string'
  )
    return content as MetricsEvent;
  throw new DataError(
    'ERR_METRICS_FILE',
    `"${path}" is damaged: the line at byte ${atBytes} is not an event as JSON. It should be as \`train\` wrote it.`,
    { path, atBytes },
  );
}

/** Whole lines with where they end. A file that is not there yet has none. */
async function* readLines(
  path: string,
  fromBytes: number,
): AsyncGenerator<{ readonly text: string; readonly endBytes: number }> {
  const LINE_END = 0x0a;
  let endBytes = fromBytes;
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path, { start: fromBytes }) as AsyncIterable<Buffer>) {
      const read = Buffer.concat([rest, chunk]);
      let begin = 0;
      for (let end = read.indexOf(LINE_END); end >= 0; end = read.indexOf(LINE_END, begin)) {
        endBytes += end + 1 - begin;
        yield { text: read.toString('utf8', begin, end), endBytes };
        begin = end + 1;
      }
      rest = read.subarray(begin);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
