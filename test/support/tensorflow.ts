import { findAddon } from '../../src/engine/tensorflow/addon.js';

/** Why tests of the tensorflow engine are skipped here; undefined where they can run. */
export const whyNoTensorflow =
  findAddon() === undefined ? 'the native part is not built: `make tensorflow` builds it' : undefined;

/** A `describe` that is skipped, and says why, where the addon is not built. */
export function describeTensorflow(what: string, tests: () => void): void {
  if (whyNoTensorflow === undefined) describe(what, tests);
  else describe.skip(`${what} (skipped: ${whyNoTensorflow})`, tests);
}
