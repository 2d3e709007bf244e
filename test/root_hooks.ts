import '../src/engine/onnxruntime/no_telemetry.js';

/** A process warning (a listener leak, a deprecation, ...) fails the test during which it came. */
const warnings: Error[] = [];
process.on('warning', (warning) => warnings.push(warning));

export const mochaHooks = {
  afterEach() {
    const warning = warnings.splice(0).at(0);
    if (warning) throw warning;
  },
};
