import { stat } from 'node:fs/promises';
import { ConfigError, DataError } from '../core/errors.js';
import { METRICS, runFiles } from '../report/run_directory.js';
import { newestCheckpoint, type Checkpoint } from '../server/checkpoint.js';
import { fitsSchedule } from '../server/progress.js';
import type { RunPlan } from './plan.js';
import { versions } from './versions.js';

/**
 * The newest checkpoint of a run directory that is whole and whose record is there; undefined where there is none. Damaged ones
 * are told to `warn`, as are other versions of the software. Throws ConfigError where the rows are not the run's.
 */
export async function checkpointOf(
  runDirectory: string,
  { dataset, shardSizes, dataSha256, scheduleWithout }: RunPlan,
  warn: (message: string) => void,
): Promise<Checkpoint | undefined> {
  const hasItsRecord = async ({ steps, lengths }: Checkpoint) => {
    const isThere = (await sizeOf(runFiles(runDirectory).metrics)) >= (lengths[METRICS] ?? 0);
    if (!isThere) warn(`checkpoint of batch ${steps} is left out: ${METRICS} is shorter than it was.`);
    return isThere;
  };
  const checkpoint = await newestCheckpoint(runFiles(runDirectory).checkpoints, hasItsRecord, warn);
  if (checkpoint && checkpoint.dataSha256 !== dataSha256()) {
    throw new ConfigError(
      'ERR_OTHER_DATA',
      `The rows of "${dataset.folder}" are not those that "${runDirectory}" was trained on. Give the same files with \`data_dir\`.`,
      { runDirectory },
    );
  }
  if (checkpoint) {
    const { progress, skippedVisits, folder } = checkpoint;
    if (!fitsSchedule(progress, scheduleWithout(skippedVisits), shardSizes.length)) {
      throw new DataError(
        'ERR_CHECKPOINT',
        `"${folder}" is not a checkpoint of this run: no batch of its schedule stands where it says. Delete it, and the one before ` +
          'is taken.',
        { folder },
      );
    }
    warnOfVersions(checkpoint, warn);
  }
  return checkpoint;
}

function warnOfVersions(checkpoint: Checkpoint, warn: (message: string) => void): void {
  for (const [name, version] of Object.entries(versions())) {
    const before = checkpoint.versions[name];
    if (before !== version)
      warn(`${name} is ${version} now and was ${before}: the last bits of the result may differ.`);
  }
}

/** 0 of a file that is not there. */
async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
