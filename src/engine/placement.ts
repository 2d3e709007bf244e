import { ConfigError } from '../core/errors.js';
import type { Device } from './engine.js';

/**
 * The device of each worker thread: the devices that were asked for ("auto", or names separated by commas), dealt round to
 * the threads. Throws ConfigError, with the list of devices, where one does not exist.
 */
export function placeThreads(
  wanted: string,
  available: readonly Device[],
  numThreads: number,
): readonly string[] {
  const existing = available.map(({ name }) => name);
  const names = wanted === 'auto' ? existing : wanted.split(',').map((name) => name.trim());
  const missing = names.find((name) => !existing.includes(name));
  if (missing !== undefined) {
    throw new ConfigError(
      'ERR_DEVICE',
      `\`devices\` names "${missing}", but this engine sees only: ${existing.join(', ')}. Choose of these, or "auto".`,
      { device: missing },
    );
  }
  return Array.from({ length: numThreads }, (_, thread) => names[thread % names.length]);
}
