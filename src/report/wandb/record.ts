import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { DataError } from '../../core/errors.js';
import { writeJson } from '../run_directory.js';
import type { HistoryValue } from './history.js';

/** `tracker.json`: where a run is sent to, and what of it was. Never the key. */
export interface TrackerRecord {
  readonly run_id: string;
  readonly base_url: string;
  readonly project: string;
  readonly entity: string;
  /** Of the run's page; empty until the run is registered. */
  readonly url: string;
  /** Of metrics.jsonl, how much was sent; as how many rows; the `_step` of the last; the newest value of everything. */
  readonly metrics_bytes: number;
  readonly history_rows: number;
  readonly last_step: number;
  readonly latest: Readonly<Record<string, HistoryValue | object>>;
  readonly files: readonly SentFile[];
  /** How the run was said to have ended; null while it was not. */
  readonly exit_code: number | null;
}

export interface SentFile {
  /** In the run directory. */
  readonly name: string;
  readonly remote_name: string;
  readonly sha256: string;
  /** A picture that has its place in the history. */
  readonly is_shown: boolean;
}

/** Date and time of a run, from the names of its directory; the name alone where it has been renamed. */
export function nameOf(runDirectory: string): string {
  const path = resolve(runDirectory);
  const day = basename(dirname(path));
  return /^\d{4}-\d\d-\d\d$/.test(day) ? `${day} ${basename(path)}` : basename(path);
}

/** What was recorded of a run, or a new record: an id that nobody else has. Throws DataError. */
export async function readRecord(
  path: string,
  runDirectory: string,
  destination: Pick<TrackerRecord, 'base_url' | 'project' | 'entity'>,
): Promise<TrackerRecord> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const readable = nameOf(runDirectory).replace(/[^\w-]+/g, '_');
    return {
      run_id: `${readable}_${randomBytes(4).toString('hex')}`,
      ...destination,
      url: '',
      metrics_bytes: 0,
      history_rows: 0,
      last_step: 0,
      latest: {},
      files: [],
      exit_code: null,
    };
  }
  return parseRecord(text, path);
}

export async function writeRecord(path: string, record: TrackerRecord): Promise<void> {
  await writeJson(path, record);
}

function parseRecord(text: string, path: string): TrackerRecord {
  try {
    const content = JSON.parse(text) as Record<string, unknown>;
    if (isRecord(content)) return content;
  } catch {
    // Told below.
  }
  throw new DataError(
    'ERR_TRACKER_FILE',
    `"${path}" is damaged: it should tell what was sent of this run. Remove it to send the run again, as a new one.`,
    { path },
  );
}

function isRecord(content: Record<string, unknown>): content is Record<string, unknown> & TrackerRecord {
  const { run_id, base_url, project, entity, url, exit_code, latest, files } = content;
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  return (
    [run_id, base_url, project, entity, url].every((value) => typeof value === 'string') &&
    [content.metrics_bytes, content.history_rows, content.last_step].every(isCount) &&
    (exit_code === null || isCount(exit_code)) &&
    typeof latest === 'object' &&
    latest !== null &&
    Array.isArray(files)
  );
}
