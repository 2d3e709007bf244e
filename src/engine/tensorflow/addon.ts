import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { ConfigError, messageOf } from '../../core/errors.js';
import { prepareEnvironment, wantsLog } from './environment.js';

const PACKAGE = '@tensorflow/tfjs-node-gpu';
const HOW_TO_INSTALL = 'Install it with `npm install --include=optional`, then run';
const HOW_TO_BUILD =
  '`make tensorflow` (`make tensorflow GPU=1` for NVIDIA GPUs), or set `engine` to "onnxruntime".';

/**
 * The native part of tfjs: TensorFlow's eager kernels on tensors that have numbers. tfjs's JavaScript is left out: it takes
 * 0.3 s and 45 MB a thread, and calls functions of Node.js that are gone since version 23 (tensorflow/tfjs issue 8609).
 */
export interface Addon {
  readonly TF_Version: string;
  createTensor(shape: readonly number[], dataType: number, data: Float32Array | Int32Array): number;
  deleteTensor(tensor: number): void;
  tensorDataSync(tensor: number): Float32Array | Int32Array | Uint8Array;
  executeOp(
    kernel: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    numOutputs: number,
  ): readonly { readonly id: number }[];
  getNumOfTensors(): number;
  isUsingGpuDevice(): boolean;
  /** This and the rest: only of an addon that `make tensorflow` built. Names of all devices. */
  listDevices?(): readonly string[];
  /** Places every later tensor and kernel of this thread. */
  useDevice?(device: string): void;
  deviceOf?(tensor: number): string;
  /** Bytes that TensorFlow may use of a device. */
  deviceMemory?(device: string): number;
}

export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: number | boolean | string | readonly number[];
}

/** Path of the newest addon that this Node.js can load; undefined where none is built. `from`: a module that may use it. */
export function findAddon(from: string = import.meta.url): string | undefined {
  const folder = findPackage(from);
  if (folder === undefined || !existsSync(join(folder, 'lib'))) return undefined;
  const versionOf = (name: string) => Number(/^napi-v(\d+)$/.exec(name)?.[1]);
  return readdirSync(join(folder, 'lib'))
    .filter((name) => versionOf(name) <= Number(process.versions.napi))
    .sort((a, b) => versionOf(b) - versionOf(a))
    .map((name) => join(folder, 'lib', name, 'tfjs_binding.node'))
    .find((path) => existsSync(path));
}

/** Loads the addon; the main thread must be the first to. Throws ConfigError where it is missing, or does not load. */
export function loadAddon(from: string = import.meta.url): Addon {
  const path = findAddon(from);
  if (path === undefined) {
    const why =
      findPackage(from) === undefined
        ? `the package ${PACKAGE}, an optional one, which is not installed here. ${HOW_TO_INSTALL}`
        : `the native part of ${PACKAGE}, which is not built here. Run`;
    throw new ConfigError('ERR_ENGINE_MISSING', `Engine "tensorflow" needs ${why} ${HOW_TO_BUILD}`);
  }
  prepareEnvironment();
  const require = createRequire(from);
  const gate = openGate(require, join(dirname(path), 'quiet_load.node'));
  gate?.mute();
  try {
    return require(path) as Addon;
  } catch (error) {
    throw new ConfigError(
      'ERR_ENGINE_LOAD',
      `The native part of ${PACKAGE} does not load: ${messageOf(error)} (from ${path}). It may be of another ` +
        'machine or not whole: run `make clean-tensorflow`, then `make tensorflow`, or set `engine` to "onnxruntime".',
      { path },
      { cause: error },
    );
  } finally {
    gate?.unmute();
  }
}

function findPackage(from: string): string | undefined {
  try {
    return dirname(createRequire(from).resolve(`${PACKAGE}/package.json`));
  } catch {
    return undefined;
  }
}

/**
 * TensorFlow's library writes two lines to standard error when a process first loads it, before it can be told to be silent.
 * `make tensorflow` builds what shuts that out; it is for the whole process, and so for the main thread.
 */
interface Gate {
  mute(): void;
  unmute(): void;
}

function openGate(require: NodeJS.Require, path: string): Gate | undefined {
  return isMainThread && existsSync(path) && !wantsLog() ? (require(path) as Gate) : undefined;
}
