import type { Engine } from '../../src/engine/engine.js';
import { engineNames, loadEngine, type EngineName } from '../../src/engine/registry.js';
import { findAddon } from '../../src/engine/tensorflow/addon.js';

/** Why tests of the tensorflow engine are skipped here; undefined where they can run. */
const whyNoTensorflow =
  findAddon() === undefined ? 'its native part is not built: `make tensorflow` builds it' : undefined;

/** A `describe` that is skipped, and says why, where the tensorflow engine is not built. */
export function describeTensorflow(what: string, tests: () => void): void {
  if (whyNoTensorflow === undefined) describe(what, tests);
  else describe.skip(`${what} (skipped: ${whyNoTensorflow})`, tests);
}

/** The tests for every engine; those of one that is not built are skipped. */
export function describeEngines(tests: (name: EngineName, load: () => Promise<Engine>) => void): void {
  for (const name of engineNames) {
    const load = () => loadEngine(name);
    const describeIt = name === 'tensorflow' ? describeTensorflow : describe;
    describeIt(`with ${name}`, () => {
      tests(name, load);
    });
  }
}
