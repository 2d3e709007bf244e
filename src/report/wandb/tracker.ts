import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../core/errors.js';
import { runFiles } from '../run_directory.js';
import type { WandbApi } from './api.js';
import type { Destination } from './destination.js';
import { readRunFiles } from './files.js';
import { readHistory } from './history.js';
import { nameOf, readRecord, type TrackerRecord } from './record.js';
import { RunSender, type SentCounts } from './sender.js';

/** A run directory, and where it is to be sent. */
export interface TrackedRun extends Destination {
  readonly runDirectory: string;
  /** What is sent as the run's configuration. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly group: string;
}

/** A run that goes on. */
export interface Follow {
  hasEnded(): boolean;
  /** Waits until it is worth looking again. */
  nextLook(): Promise<void>;
}

export interface TrackOptions {
  readonly api: WandbApi;
  /** Undefined to send what there is: a run without a summary is then one that failed. */
  readonly follow?: Follow | undefined;
  /** Told the address of the run's page, once it is there. */
  readonly onRegistered?: (url: string) => void;
}

/** What was sent in this go. */
export interface TrackResult extends SentCounts {
  readonly url: string;
}

/** W&B takes a run of which it hears nothing for dead: after so many looks without news it is told that there is none. */
const LOOKS_PER_SIGN_OF_LIFE = 15;

/**
 * Sends what `tracker.json` does not say was sent, in order: configuration, history, pictures, summary, end. It can be stopped
 * anywhere, and go on. Throws WandbError, ConfigError, DataError or StorageError.
 */
export async function trackRun(run: TrackedRun, options: TrackOptions): Promise<TrackResult> {
  const { api, follow, onRegistered } = options;
  const files = { ...runFiles(run.runDirectory), record: join(run.runDirectory, 'tracker.json') };
  const exitCode = () => (existsSync(files.summary) ? 0 : 1);
  const record = await recordOf(run, files.record);
  if (!follow && record.exit_code === exitCode() && !(await hasNews(run.runDirectory, record)))
    return { url: record.url, numRows: 0, numFiles: 0 };

  const sender = await RunSender.start(
    { ...run, id: record.run_id, name: nameOf(run.runDirectory) },
    { api, record, path: files.record },
  );
  onRegistered?.(sender.record.url);
  for (let looks = 1; ; looks++) {
    // Asked first: what was written before the end is then read.
    const isLast = !follow || follow.hasEnded();
    const { metrics_bytes: bytes, last_step: lastStep } = sender.record;
    const numRows = await sender.sendHistory(readHistory(files.metrics, { bytes, lastStep }, isLast));
    if (isLast) break;
    if (numRows > 0) looks = 0;
    else if (looks % LOOKS_PER_SIGN_OF_LIFE === 0) await sender.sendSignOfLife();
    await follow.nextLook();
  }
  await sender.sendFiles(readRunFiles(run.runDirectory));
  await sender.sendEnd(files.summary, exitCode());
  return { url: sender.record.url, ...sender.counts };
}

/** A run stays where its first message went: two halves in two places would be of no use. */
async function recordOf({ runDirectory, ...run }: TrackedRun, path: string): Promise<TrackerRecord> {
  const destination = { base_url: run.baseUrl, project: run.project, entity: run.entity };
  const record = await readRecord(path, runDirectory, destination);
  if (record.url === '') return { ...record, ...destination };
  for (const name of ['base_url', 'project', 'entity'] as const)
    if (record[name] !== destination[name])
      throw new ConfigError(
        'ERR_WANDB_DESTINATION',
        `\`wandb.${name}\` is "${destination[name]}", but "${path}" says that this run was sent to "${record[name]}". ` +
          'Give the same as then, or remove the file to send the run again, as a new one.',
        { path },
      );
  return record;
}

async function hasNews(runDirectory: string, record: TrackerRecord): Promise<boolean> {
  const start = { bytes: record.metrics_bytes, lastStep: record.last_step };
  for await (const row of readHistory(runFiles(runDirectory).metrics, start, true))
    if (row.endBytes > start.bytes) return true;
  for await (const { name, sha256 } of readRunFiles(runDirectory))
    if (!record.files.some((file) => file.name === name && file.sha256 === sha256)) return true;
  return false;
}
