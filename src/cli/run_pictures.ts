import { existsSync, statSync } from 'node:fs';
import type { LoadedConfig } from '../config/load.js';
import { runFiles } from '../report/run_directory.js';
import { runOptions } from './run_options.js';
import { schemeText } from './scheme_text.js';

/**
 * Draws the plots and the report of a finished run, for TensorBoard too. Loads what draws only now: training starts without
 * it. Throws DataError or StorageError.
 */
export async function drawPictures(
  runDirectory: string,
  loaded: Pick<LoadedConfig, 'config' | 'overrides'>,
  steps: number,
): Promise<void> {
  const { drawRun } = await import('../report/page/draw_run.js');
  const { addImages } = await import('../report/tensorboard/images.js');
  const { plots } = await drawRun(runDirectory, runOptions(loaded), schemeText(loaded.config));
  const images = plots.map(({ name, png }) => ({ tag: `plots/${name}`, png }));
  const folder = runFiles(runDirectory).tensorboard;
  // Where something else stands there, the sink of the training has said so.
  if (!existsSync(folder) || statSync(folder).isDirectory()) addImages(folder, images, steps);
}
