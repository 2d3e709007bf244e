/**
 * What TensorFlow and NVIDIA's libraries read from the process's environment while they load. A value that is set already
 * stays. Native code sees only what the main thread sets, so the main thread must load TensorFlow before any other.
 */
const settings: Readonly<Record<string, string>> = {
  // Fatal messages only: whatever else goes wrong is thrown.
  TF_CPP_MIN_LOG_LEVEL: '3',
  // A segment does not grab a whole GPU.
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  // One thread a segment: worker threads are the parallelism, and the order of every sum stays the same.
  TF_NUM_INTRAOP_THREADS: '1',
  TF_NUM_INTEROP_THREADS: '1',
  TF_DETERMINISTIC_OPS: '1',
  // float32 is float32, as in the other engine, and not rounded to 10 bits of mantissa.
  NVIDIA_TF32_OVERRIDE: '0',
  // gpu:0 is the GPU that nvidia-smi calls 0.
  CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
};

/** Sets what is not set. */
export function prepareEnvironment(): void {
  for (const [name, value] of Object.entries(settings)) environment[name] ??= value;
}

/** True where the user asked for TensorFlow's log. */
export function wantsLog(): boolean {
  return environment['TF_CPP_MIN_LOG_LEVEL'] === '0';
}

/** The GPUs that the user lets programs see, as CUDA reads it; undefined: all. */
export function visibleDevices(): string | undefined {
  return environment['CUDA_VISIBLE_DEVICES'];
}

// eslint-disable-next-line no-restricted-properties -- no option of this program: it is how TensorFlow is told
const environment = process.env;
