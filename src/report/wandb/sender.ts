import { readFile } from 'node:fs/promises';
import { messageOf, DataError } from '../../core/errors.js';
import type { RunPlace, RunToRegister, WandbApi } from './api.js';
import { pictureValue, type RunFile } from './files.js';
import type { HistoryRow } from './history.js';
import { writeRecord, type TrackerRecord } from './record.js';

/** What a sender has sent. */
export interface SentCounts {
  readonly numRows: number;
  readonly numFiles: number;
}

export interface SenderOptions {
  readonly api: WandbApi;
  readonly record: TrackerRecord;
  /** Of `tracker.json`. */
  readonly path: string;
}

/** Rows in one message. */
const MAX_ROWS = 1000;

/**
 * Sends one run, and records every message once it is answered. One that was answered but not recorded is sent again with the same
 * content to the same place, which changes nothing there.
 */
export class RunSender {
  readonly #api: WandbApi;
  readonly #path: string;
  readonly #place: RunPlace;
  #record: TrackerRecord;
  #counts = { numRows: 0, numFiles: 0 };

  /** Checks the key and registers the run, or takes it up again. */
  static async start(
    run: RunToRegister & { readonly baseUrl: string },
    { api, record, path }: SenderOptions,
  ): Promise<RunSender> {
    // Recorded first: the next attempt must not choose another name.
    await writeRecord(path, { ...record, exit_code: null });
    await api.checkKey();
    const place = await api.register(run);
    const started = { ...record, exit_code: null, url: pageOf(run.baseUrl, place) };
    await writeRecord(path, started);
    return new RunSender({ api, record: started, path }, place);
  }

  private constructor({ api, record, path }: SenderOptions, place: RunPlace) {
    this.#api = api;
    this.#path = path;
    this.#place = place;
    this.#record = record;
  }

  get record(): TrackerRecord {
    return this.#record;
  }

  get counts(): SentCounts {
    return this.#counts;
  }

  /** Gives how many rows there were. */
  async sendHistory(rows: AsyncIterable<HistoryRow>): Promise<number> {
    const before = this.#counts.numRows;
    let batch: HistoryRow[] = [];
    for await (const row of rows) {
      batch.push(row);
      if (batch.length < MAX_ROWS) continue;
      await this.#sendRows(batch);
      batch = [];
    }
    await this.#sendRows(batch);
    return this.#counts.numRows - before;
  }

  /** There is no news, but the run is alive. */
  async sendSignOfLife(): Promise<void> {
    await this.#api.stream(this.#place, {});
  }

  /** Uploads what is new or has changed, and gives new pictures a row of their own at the end of the history. */
  async sendFiles(files: AsyncIterable<RunFile>): Promise<void> {
    const pictures: Record<string, object> = {};
    for await (const file of files) {
      const { name, remoteName, bytes, sha256 } = file;
      const { files: known } = this.#record;
      let sent = known.find((each) => each.name === name);
      if (sent?.sha256 !== sha256) {
        await this.#api.upload(this.#place, remoteName, bytes);
        sent = { name, remote_name: remoteName, sha256, is_shown: file.size === null };
        await this.#note({ files: [...known.filter((each) => each.name !== name), sent] });
        this.#counts.numFiles++;
      }
      if (!sent.is_shown) pictures[name.replace(/\.png$/, '')] = pictureValue(file);
    }
    if (Object.keys(pictures).length > 0) await this.#sendPictures(pictures);
  }

  async sendEnd(summaryPath: string, exitCode: number): Promise<void> {
    const summary = { ...this.#record.latest, ...(exitCode === 0 && (await readSummary(summaryPath))) };
    const uploaded = this.#record.files.map((file) => file.remote_name);
    await this.#api.stream(this.#place, { summary: JSON.stringify(summary) });
    await this.#api.stream(this.#place, { exitCode, uploaded });
    await this.#note({ exit_code: exitCode });
  }

  async #sendRows(rows: readonly HistoryRow[]): Promise<void> {
    const last = rows.at(-1);
    if (!last) return;
    const latest = { ...this.#record.latest };
    for (const { values } of rows) Object.assign(latest, values);
    const history = {
      offset: this.#record.history_rows,
      lines: rows.map((row) => JSON.stringify(row.values)),
    };
    await this.#api.stream(this.#place, { history, summary: JSON.stringify(latest) });
    await this.#note({
      metrics_bytes: last.endBytes,
      history_rows: this.#record.history_rows + rows.length,
      last_step: last.step,
      latest,
    });
    this.#counts.numRows += rows.length;
  }

  async #sendPictures(pictures: Record<string, object>): Promise<void> {
    const { history_rows: offset, last_step, files, latest } = this.#record;
    const step = last_step + 1;
    await this.#api.stream(this.#place, {
      history: { offset, lines: [JSON.stringify({ _step: step, ...pictures })] },
    });
    await this.#note({
      history_rows: offset + 1,
      last_step: step,
      latest: { ...latest, _step: step, ...pictures },
      files: files.map((file) => ({ ...file, is_shown: true })),
    });
  }

  async #note(news: Partial<TrackerRecord>): Promise<void> {
    this.#record = { ...this.#record, ...news };
    await writeRecord(this.#path, this.#record);
  }
}

/** Of the run's page: an installation of its own has it beside the interface, the cloud at another name. */
function pageOf(baseUrl: string, { entity, project, id }: RunPlace): string {
  const site = baseUrl.replace('://api.wandb.', '://wandb.').replace('://api.', '://app.');
  return `${site}/${[entity, project].map(encodeURIComponent).join('/')}/runs/${encodeURIComponent(id)}`;
}

/** summary.json as W&B takes it: `_wandb.runtime` is what it shows as duration, in whole seconds. */
async function readSummary(path: string): Promise<object> {
  try {
    const summary = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    const { wall_seconds: seconds } = summary;
    return typeof seconds === 'number' ? { ...summary, _wandb: { runtime: Math.round(seconds) } } : summary;
  } catch (error) {
    throw new DataError(
      'ERR_SUMMARY_FILE',
      `Cannot read "${path}": ${messageOf(error)}. It should be the summary that \`train\` wrote.`,
      { path },
      { cause: error },
    );
  }
}
