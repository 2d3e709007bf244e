import type { Engine } from './engine.js';
// In the main thread, before any thread loads the engine.
import './onnxruntime/no_telemetry.js';

/** Every engine by the name that `engine` takes. Loaded on demand: one that a run does not use costs it nothing. */
const engines = {
  onnxruntime: async () => (await import('./onnxruntime/engine.js')).onnxruntimeEngine,
  tensorflow: async () => (await import('./tensorflow/engine.js')).loadTensorflowEngine(),
} satisfies Record<string, () => Promise<Engine>>;

export type EngineName = keyof typeof engines;
export const engineNames = Object.keys(engines) as EngineName[];

/** Throws ConfigError where the engine is not there. */
export function loadEngine(name: EngineName): Promise<Engine> {
  return engines[name]();
}
