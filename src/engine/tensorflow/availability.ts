import { findAddon } from './addon.js';
import { countNvidiaGpus } from './nvidia.js';

/** What keeps this engine from running on a GPU, as far as files tell, loading nothing; undefined: nothing. */
export function whyNotTensorflow(): string | undefined {
  if (countNvidiaGpus() === 0) return 'no NVIDIA GPU is visible';
  if (findAddon() === undefined) return 'tensorflow is not built: `make tensorflow GPU=1` builds it';
  return undefined;
}
