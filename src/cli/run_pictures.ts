import { readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { LoadedConfig } from '../config/load.js';
import { runFiles } from '../report/run_directory.js';
import { runOptions } from './run_options.js';

/**
 * Draws the plots and the report of a finished run, for TensorBoard too; gives the path of the report. Loads what draws only
 * now: training starts without it. Throws DataError or StorageError.
 */
export async function drawPictures(
  runDirectory: string,
  loaded: Pick<LoadedConfig, 'config' | 'overrides'>,
  steps: number,
): Promise<string> {
  const { drawRun } = await import('../report/page/draw_run.js');
  const { addImages } = await import('../report/tensorboard/images.js');
  const paths = await drawRun(runDirectory, runOptions(loaded));
  const pngs = paths.filter((path) => extname(path) === '.png');
  const images = await Promise.all(
    pngs.map(async (path) => ({ tag: `plots/${basename(path, '.png')}`, png: await readFile(path) })),
  );
  addImages(runFiles(runDirectory).tensorboard, images, steps);
  return join(runDirectory, 'report.html');
}
