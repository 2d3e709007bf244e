import { readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../core/errors.js';
import { fingerprintOf, type Dataset } from '../data/dataset.js';
import { runFiles } from '../report/run_directory.js';
import type { FileLengths } from '../report/sink.js';
import { newestCheckpoint, type Checkpoint } from '../server/checkpoint.js';
import { versions } from './versions.js';

const METRICS = 'metrics.jsonl';

/**
 * The newest checkpoint of a run directory that is whole and whose record is there; undefined where there is none. Damaged ones
 * are told to `warn`, as are other versions of the software. Throws ConfigError where the rows are not the run's.
 */
export async function checkpointOf(
  runDirectory: string,
  dataset: Dataset,
  warn: (message: string) => void,
): Promise<Checkpoint | undefined> {
  const hasItsRecord = async ({ steps, lengths }: Checkpoint) => {
    const isThere = (await sizeOf(runFiles(runDirectory).metrics)) >= (lengths[METRICS] ?? 0);
    if (!isThere) warn(`checkpoint of batch ${steps} is left out: ${METRICS} is shorter than it was.`);
    return isThere;
  };
  const checkpoint = await newestCheckpoint(runFiles(runDirectory).checkpoints, hasItsRecord, warn);
  if (checkpoint && checkpoint.dataSha256 !== fingerprintOf(dataset)()) {
    throw new ConfigError(
      'ERR_OTHER_DATA',
      `The rows of "${dataset.folder}" are not those that "${runDirectory}" was trained on. Give the same files with \`data_dir\`.`,
      { runDirectory },
    );
  }
  if (checkpoint) warnOfVersions(checkpoint, warn);
  return checkpoint;
}

function warnOfVersions(checkpoint: Checkpoint, warn: (message: string) => void): void {
  for (const [name, version] of Object.entries(versions())) {
    const before = checkpoint.versions[name];
    if (before !== version)
      warn(`${name} is ${version} now and was ${before}: the last bits of the result may differ.`);
  }
}

/** Cuts the append-only files of a run directory back to what a checkpoint counts; what began after it goes. */
export async function cutBack(runDirectory: string, lengths: FileLengths): Promise<void> {
  const { metrics, tensorboard } = runFiles(runDirectory);
  if ((await sizeOf(metrics)) > 0) await truncate(metrics, lengths[METRICS] ?? 0);
  for (const name of await readdir(tensorboard).catch(() => [])) {
    const key = `tensorboard/${name}`;
    if (Object.hasOwn(lengths, key)) await truncate(join(tensorboard, name), lengths[key]);
    else await rm(join(tensorboard, name));
  }
}

/** 0 of a file that is not there. */
async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
