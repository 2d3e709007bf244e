import { messageOf, StorageError } from '../../core/errors.js';
import { EventFile, type Clock } from './event_file.js';
import { image } from './summary_values.js';

/** A PNG picture, and the tag under which TensorBoard shows it. */
export interface TaggedImage {
  readonly tag: string;
  readonly png: Uint8Array;
}

/**
 * Adds pictures at a step in an event file of their own, so that a run that has ended can be added to. Throws StorageError,
 * or TypeError where one is no PNG.
 */
export function addImages(
  folder: string,
  images: readonly TaggedImage[],
  step: number,
  now: Clock = Date.now,
): void {
  const values = images.map(({ tag, png }) => image(tag, png));
  try {
    const file = new EventFile(folder, now);
    try {
      for (const value of values) file.write(step, [value]);
    } finally {
      file.close();
    }
  } catch (error) {
    throw new StorageError(
      'ERR_WRITE',
      `Cannot write pictures for TensorBoard into "${folder}": ${messageOf(error)}. Free some space, or choose another ` +
        'place with `output_dir`.',
      { folder },
      { cause: error },
    );
  }
}
