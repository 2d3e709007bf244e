import { messageOf } from '../core/errors.js';
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

/**
 * The engine of a run. `auto` takes tensorflow where it is built and sees a GPU, else onnxruntime; TensorFlow is loaded only
 * where there are device files of a GPU.
 */
export async function chooseEngine(choice: EngineChoice): Promise<EngineDecision> {
  if (choice !== 'auto') return { name: choice, why: undefined };
  const why = whyNotTensorflow() ?? (await whyNoGpu());
  return why === undefined
    ? { name: 'tensorflow', why: 'auto: it sees a GPU' }
    : { name: 'onnxruntime', why: `auto: ${why}` };
}

async function whyNoGpu(): Promise<string | undefined> {
  try {
    const devices = await (await loadEngine('tensorflow')).listDevices();
    if (devices.some(({ name }) => name.startsWith('gpu'))) return undefined;
    return 'there is a GPU, but tensorflow does not see it: is it the build of `make tensorflow GPU=1`?';
  } catch (error) {
    return `tensorflow cannot be used: ${messageOf(error)}`;
  }
}
