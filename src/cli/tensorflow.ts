import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { cacheFolder } from '../config/cache_folder.js';
import { packageRoot } from '../config/load.js';
import { messageOf, SetupError } from '../core/errors.js';
import { buildNative } from '../engine/tensorflow/native/build.js';
import { findNodeGyp } from '../engine/tensorflow/native/compile.js';
import { checkGlibc, formatBytes, glibcVersion } from '../engine/tensorflow/native/host.js';
import { removeNative } from '../engine/tensorflow/native/remove.js';
import { testAddon, type SelfTest } from '../engine/tensorflow/native/self_test.js';
import { TENSORFLOW_VERSION, wheelsFor, type Flavour } from '../engine/tensorflow/native/wheels.js';

interface TensorflowOptions {
  readonly gpu?: true;
  readonly remove?: true;
  readonly cacheDir: string;
}

/** `bloom-split tensorflow`: builds the native part of the tensorflow engine, or removes it. */
export function addTensorflowCommand(program: Command): void {
  program
    .command('tensorflow')
    .description('Build the native part of the tensorflow engine, from the libraries in its Python wheels.')
    .option('--gpu', "for NVIDIA GPUs, with NVIDIA's CUDA 12 libraries")
    .option('--remove', 'remove what was built instead; downloads stay')
    .option('--cache-dir <folder>', 'where downloads are kept', join(cacheFolder(), 'tensorflow'))
    .action(({ gpu, remove, cacheDir }: TensorflowOptions) =>
      remove ? removeBuilt(resolve(cacheDir)) : build(gpu ? 'gpu' : 'cpu', resolve(cacheDir)),
    );
}

async function build(flavour: Flavour, cache: string): Promise<void> {
  const what = `the tensorflow engine, TensorFlow ${TENSORFLOW_VERSION} for ${flavour === 'gpu' ? 'NVIDIA GPUs' : 'the CPU'}`;
  const wheels = wheelsFor(flavour, process.platform, process.arch);
  checkGlibc(glibcVersion());
  const packageFolder = findPackage();
  const tested = await buildNative({
    flavour,
    wheels,
    packageFolder,
    patchFile: join(packageRoot(), 'patches', 'tfjs-node-gpu+4.22.0.patch'),
    cache,
    nodeGyp: findNodeGyp(),
    test: testAddon,
    say,
  });
  if (!tested) {
    say(`${what}, is built already in ${packageFolder}`);
    return;
  }
  say(`built: ${what}, in ${packageFolder}`);
  describe(tested);
  if (flavour === 'gpu' && tested.tried.every((name) => !name.includes('GPU')))
    say(`no GPU is visible here, so none was tried. TensorFlow says:\n${tested.log.trimEnd()}`);
  describeLicences(flavour);
}

function describe({ devices }: SelfTest): void {
  for (const { name, memoryBytes } of devices) {
    const short = name.slice(name.indexOf('device:') + 'device:'.length);
    say(`device: ${short}${short.startsWith('GPU') ? `, ${formatBytes(memoryBytes)} for TensorFlow` : ''}`);
  }
}

function describeLicences(flavour: Flavour): void {
  say('licences: TensorFlow and @tensorflow/tfjs-node-gpu are under the Apache License 2.0');
  if (flavour === 'gpu') {
    say(
      "licences: NVIDIA's libraries are under NVIDIA's own terms, which you accept by using them: the CUDA Toolkit's End User Licence " +
        'Agreement, with the supplement for cuDNN, and the licence of NCCL',
    );
  }
  say('licences: their texts, and notices of third parties, lie in its folder deps/');
}

async function removeBuilt(cache: string): Promise<void> {
  const packageFolder = findPackage();
  const isRemoved = await removeNative(packageFolder);
  say(
    `${isRemoved ? 'removed' : 'nothing was built'}: the native part of the tensorflow engine, in ${packageFolder}`,
  );
  say(`downloads, if any, are kept in ${cache}`);
}

/** Throws SetupError where the optional dependency was left out. */
function findPackage(): string {
  const name = '@tensorflow/tfjs-node-gpu';
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch (error) {
    throw new SetupError(
      'ERR_TENSORFLOW_PACKAGE',
      `The package ${name} is not installed (${messageOf(error).split('\n')[0]}). It is an optional dependency: ` +
        'install again without leaving those out, `npm install --include=optional`.',
      {},
      { cause: error },
    );
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
