import { DataError } from '../core/errors.js';
import { readRequiredFile } from '../core/files.js';
import { runFiles } from '../report/run_directory.js';
import type { RunSummary } from '../report/sink.js';

/** The summary of a complete run, of this version. Throws DataError. */
export async function readSummary(runDirectory: string): Promise<RunSummary> {
  const path = runFiles(runDirectory).summary;
  const text = new TextDecoder().decode(
    await readRequiredFile(path, 'the summary of a run that is complete'),
  );
  try {
    const summary = JSON.parse(text) as Partial<RunSummary>;
    if (summary.client_files && summary.input) return summary as RunSummary;
  } catch (error) {
    throw new DataError(
      'ERR_SUMMARY',
      `"${path}" is not JSON. Resume the run, and it is written anew.`,
      { path },
      { cause: error },
    );
  }
  throw new DataError(
    'ERR_SUMMARY',
    `"${path}" does not say who has the model: it is of an older version. Use the version that made the run.`,
    { path },
  );
}
