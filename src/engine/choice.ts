import { messageOf } from '../core/errors.js';
import type { Engine } from './engine.js';
import { engineNames, loadEngine, type EngineName } from './registry.js';
import { whyNotTensorflow } from './tensorflow/availability.js';

/** What `engine` takes. */
export const engineChoices = ['auto', ...engineNames] as const;
export type EngineChoice = (typeof engineChoices)[number];

export interface EngineDecision {
  readonly name: EngineName;
  /** Where it was not asked for. */
  readonly why: string | undefined;
}

/** What there is to choose from; a test has its own. */
const here = {
  whyNotTensorflow,
  loadTensorflow: (): Promise<Engine> => loadEngine('tensorflow'),
};

/**
 * The engine of a run. `auto` takes tensorflow where it is built and sees a GPU, else onnxruntime; TensorFlow is loaded only
 * where there are device files of a GPU.
 */
export async function chooseEngine(choice: EngineChoice, place = here): Promise<EngineDecision> {
  if (choice !== 'auto') return { name: choice, why: undefined };
  const why = place.whyNotTensorflow() ?? (await whyNoGpu(place.loadTensorflow));
  return why === undefined
    ? { name: 'tensorflow', why: 'auto: it sees a GPU' }
    : { name: 'onnxruntime', why: `auto: ${why}` };
}

async function whyNoGpu(loadTensorflow: () => Promise<Engine>): Promise<string | undefined> {
  try {
    const devices = await (await loadTensorflow()).listDevices();
    if (devices.some(({ name }) => name.startsWith('gpu'))) return undefined;
    return 'there is a GPU, but tensorflow does not see it: is it the build of `make tensorflow GPU=1`?';
  } catch (error) {
    return `tensorflow cannot be used: ${messageOf(error)}`;
  }
}
