import { cpus, totalmem } from 'node:os';
import { ConfigError } from '../../core/errors.js';
import type { Device } from '../engine.js';
import type { Addon } from './addon.js';
import { countNvidiaGpus, nvidiaModel } from './nvidia.js';

/** A device, and TensorFlow's name for it; undefined where the addon has no choice. */
export interface TfDevice extends Device {
  readonly fullName: string | undefined;
}

/**
 * The devices of an addon, GPUs first: `gpu:0`, ..., `cpu` (where TensorFlow was told to make several of the processor,
 * `cpu:0`, ...). Throws ConfigError where the addon could use only one of several GPUs.
 */
export function devicesOf(addon: Addon, numGpus = countNvidiaGpus()): readonly TfDevice[] {
  const names = addon.listDevices?.();
  if (!names) return [theOnlyDevice(addon, numGpus)];
  const kindOf = (fullName: string) => /:(GPU|CPU):(\d+)$/.exec(fullName);
  const numCpus = names.filter((name) => kindOf(name)?.[1] === 'CPU').length;
  const devices = names.flatMap((fullName): TfDevice[] => {
    const [, kind, number] = kindOf(fullName) ?? [];
    if (kind === 'GPU') return [{ ...gpu(Number(number)), ...memoryOf(addon, fullName), fullName }];
    if (kind === 'CPU') return [{ ...cpu(), name: numCpus > 1 ? `cpu:${number}` : 'cpu', fullName }];
    return [];
  });
  return devices.sort((a, b) => Number(b.name.startsWith('gpu')) - Number(a.name.startsWith('gpu')));
}

/** What an addon without `make tensorflow`'s changes runs on. */
function theOnlyDevice(addon: Addon, numGpus: number): TfDevice {
  if (!addon.isUsingGpuDevice()) return { ...cpu(), fullName: undefined };
  if (numGpus > 1) {
    throw new ConfigError(
      'ERR_ENGINE_PINNING',
      `The native part of @tensorflow/tfjs-node-gpu as its makers ship it cannot be told which of ${numGpus} GPUs to use. Run ` +
        '`make tensorflow GPU=1`, which builds one that can, or show it one GPU (CUDA_VISIBLE_DEVICES=0).',
      { numGpus },
    );
  }
  return { ...gpu(0), fullName: undefined };
}

function cpu(): Device {
  return { name: 'cpu', description: cpus()[0]?.model.trim() ?? 'processor', memoryBytes: totalmem() };
}

function gpu(number: number): Device {
  return { name: `gpu:${number}`, description: nvidiaModel() ?? 'NVIDIA GPU' };
}

function memoryOf(addon: Addon, fullName: string): Pick<Device, 'memoryBytes'> {
  return addon.deviceMemory ? { memoryBytes: addon.deviceMemory(fullName) } : {};
}
