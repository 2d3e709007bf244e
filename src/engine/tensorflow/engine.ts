import { ConfigError } from '../../core/errors.js';
import type { Engine, Program, SegmentSpec } from '../engine.js';
import { loadAddon, type Addon } from './addon.js';
import { devicesOf, type TfDevice } from './devices.js';
import { groupsOf } from './group.js';
import { TfSegment, type SegmentProgram } from './segment.js';
import { compileSteps } from './steps.js';
import { TensorScope } from './tensors.js';

/**
 * Training with TensorFlow's kernels, on a CPU or on one of several GPUs. Every thread has an engine of its own; the main
 * thread must load it first. Throws ConfigError where the native part is missing.
 */
export function loadTensorflowEngine(addon: Addon = loadAddon()): Engine {
  const devices = devicesOf(addon);
  return {
    name: 'tensorflow',
    version: addon.TF_Version,
    listDevices: () => Promise.resolve(devices),
    compile: (spec) =>
      new Promise((resolve) => {
        resolve(createProgram(spec, addon, deviceNamed(spec.device, devices)));
      }),
  };
}

function createProgram(spec: SegmentSpec, addon: Addon, { fullName }: TfDevice): Program {
  refuseThreads(spec);
  // Every time, since another program of this thread may be on another device.
  const useDevice = () => {
    if (fullName !== undefined) addon.useDevice?.(fullName);
  };
  const program: SegmentProgram = {
    spec,
    steps: compileSteps(spec.part.layers, spec.part.inputShape),
    groups: groupsOf(spec),
    segments: new Set(),
    useDevice,
    openScope() {
      useDevice();
      return new TensorScope(addon);
    },
  };
  return {
    spec,
    createSegment: (state) => new TfSegment(program, state),
    dispose() {
      for (const segment of program.segments) segment.dispose();
      return Promise.resolve();
    },
  };
}

function refuseThreads({ intraOpThreads, microBatches }: SegmentSpec): void {
  const key = intraOpThreads > 1 ? 'intra_op_threads' : 'micro_batches';
  const asked = intraOpThreads > 1 ? intraOpThreads : microBatches;
  if (asked === 1) return;
  throw new ConfigError(
    'ERR_COMPUTE_THREADS',
    `\`${key}\` is ${asked}, but engine "tensorflow" computes every batch as a whole, on one thread of the processor. Set ` +
      `\`engine\` to onnxruntime, or \`${key}\` to 1.`,
    { key, asked },
  );
}

function deviceNamed(name: string, devices: readonly TfDevice[]): TfDevice {
  const device = devices.find((each) => each.name === name);
  if (device) return device;
  throw new ConfigError(
    'ERR_DEVICE',
    `Engine "tensorflow" has no device "${name}": it sees ${devices.map((each) => each.name).join(', ')}. ` +
      'Choose of these, or "auto".',
    { device: name },
  );
}
