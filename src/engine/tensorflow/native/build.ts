import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SetupError, StorageError } from '../../../core/errors.js';
import { makeFolder } from '../../../core/files.js';
import { compileAddon, findNodeHeaders } from './compile.js';
import { fetchWheel, missingWheels, removeAbandoned } from './fetch_wheels.js';
import { checkSpace, checkTools, freeBytesIn, formatBytes } from './host.js';
import { layoutIn, stagingFolder, type Layout } from './layout.js';
import { applyPatch } from './patch.js';
import { isProcessAlive } from '../../../core/process_alive.js';
import type { SelfTest } from './self_test.js';
import { isBuilt, stampOf, writeStamp } from './stamp.js';
import { arrangeDeps, unpackWheel } from './unpack.js';
import type { Flavour, Wheel } from './wheels.js';

/** What to build, and where. */
export interface NativeBuild {
  readonly flavour: Flavour;
  readonly wheels: readonly Wheel[];
  /** The folder of the installed @tensorflow/tfjs-node-gpu. */
  readonly packageFolder: string;
  readonly patchFile: string;
  /** Where downloads are kept. */
  readonly cache: string;
  /** The script of node-gyp. */
  readonly nodeGyp: string;
  readonly test: (addon: string) => Promise<SelfTest>;
  readonly say: (line: string) => void;
}

/** For the compiler, beside what the wheels unpack to. */
const COMPILING_BYTES = 20e6;

/**
 * Builds the native part beside the one that may be there, tries it, and only then puts it in place: a run that fails or is killed leaves
 * what was there, and the next run starts over with the downloads that were complete. Gives undefined where it is built already.
 * Throws SetupError, DataError.
 */
export async function buildNative(build: NativeBuild): Promise<SelfTest | undefined> {
  const { flavour, wheels, packageFolder, patchFile, cache, say } = build;
  const stamp = await stampOf(flavour, wheels, patchFile);
  if (await isBuilt(layoutIn(packageFolder), stamp)) return undefined;

  try {
    await makeFolder(cache);
    await removeAbandoned(cache);
    const staging = layoutIn(await newStaging(packageFolder));
    try {
      await check(build);
      await patch(build, staging);
      await unpack(build, staging);
      await compile(build, staging);
      say('self-test: a product of matrices in several threads at once, each on a device of its own');
      const tested = await build.test(staging.addon);
      await writeStamp(staging, stamp);
      await putInPlace(staging, layoutIn(packageFolder));
      return tested;
    } finally {
      await rm(staging.root, { recursive: true, force: true });
    }
  } catch (error) {
    throw isSystemError(error) ? unwritable(error, build) : error;
  }
}

async function check({ wheels, cache, packageFolder, say }: NativeBuild): Promise<void> {
  const versions = await checkTools();
  const toFetch = sum(missingWheels(wheels, cache), ({ sizeBytes }) => sizeBytes);
  const toUnpack = sum(wheels, ({ unpackedBytes }) => unpackedBytes) + COMPILING_BYTES;
  const needs = [
    { folder: cache, bytes: toFetch },
    { folder: packageFolder, bytes: toUnpack },
  ];
  await checkSpace(needs, freeBytesIn);
  say(`found: ${versions.join('; ')}`);
  say(
    `to download: ${toFetch > 0 ? formatBytes(toFetch) : 'nothing'}, to ${cache}; ` +
      `to unpack: ${formatBytes(toUnpack)}, to ${packageFolder}`,
  );
}

/** A copy of the source: the installed package stays as it was published. */
async function patch({ packageFolder, patchFile, say }: NativeBuild, { root }: Layout): Promise<void> {
  for (const name of ['binding', 'binding.gyp'])
    await cp(join(packageFolder, name), join(root, name), { recursive: true });
  say(`patch: ${basename(patchFile)} ${await applyPatch(patchFile, root)}`);
}

async function unpack({ wheels, cache, say }: NativeBuild, { deps }: Layout): Promise<void> {
  await mkdir(deps);
  for (const [index, wheel] of wheels.entries()) {
    const source = missingWheels([wheel], cache).length > 0 ? 'to be downloaded' : 'from the cache';
    say(`wheel ${index + 1} of ${wheels.length}: ${wheel.file}, ${formatBytes(wheel.sizeBytes)}, ${source}`);
    await unpackWheel(await fetchWheel(wheel, cache, say), deps);
  }
  await arrangeDeps(deps);
}

async function compile({ nodeGyp, say }: NativeBuild, staging: Layout): Promise<void> {
  const headers = findNodeHeaders();
  const origin =
    headers === undefined ? 'which node-gyp downloads, since they did not come with it' : `in ${headers}`;
  say(`compile: against the headers of Node.js ${process.version}, ${origin}`);
  await compileAddon(staging, nodeGyp, headers);
}

/** An empty folder to build in; what a killed run left there is removed. Throws SetupError where another run is at work. */
async function newStaging(packageFolder: string): Promise<string> {
  const folder = stagingFolder(packageFolder);
  const owner = join(folder, 'pid');
  if (existsSync(owner)) {
    const pid = Number(await readFile(owner, 'utf8'));
    if (isProcessAlive(pid)) {
      throw new SetupError(
        'ERR_TENSORFLOW_BUSY',
        `Process ${pid} is building the tensorflow engine in "${packageFolder}" already. Wait until it has ended.`,
        { pid },
      );
    }
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  await writeFile(owner, String(process.pid));
  return folder;
}

/** The addon goes first and comes last: without it, what is there does not count as built. */
async function putInPlace(from: Layout, to: Layout): Promise<void> {
  await rm(to.lib, { recursive: true, force: true });
  await rm(to.deps, { recursive: true, force: true });
  await rename(from.deps, to.deps);
  await rename(from.lib, to.lib);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function unwritable(error: NodeJS.ErrnoException, { packageFolder, cache }: NativeBuild): StorageError {
  return new StorageError(
    'ERR_TENSORFLOW_WRITE',
    `Cannot build the tensorflow engine: ${error.message}. It is built in "${packageFolder}", with downloads in "${cache}": ` +
      'this user must be allowed to write there, and there must be space.',
    { packageFolder, cache },
    { cause: error },
  );
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
