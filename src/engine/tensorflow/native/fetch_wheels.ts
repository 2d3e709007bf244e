import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeFolder } from '../../../core/files.js';
import { DataError, SetupError } from '../../../core/errors.js';
import { isProcessAlive } from '../../../core/process_alive.js';
import { runTool } from './tool.js';
import { pipNames, type Wheel } from './wheels.js';

const DOWNLOADING = 'downloading-';

/** The wheels that are not in the cache, whole or not. */
export function missingWheels(wheels: readonly Wheel[], cache: string): readonly Wheel[] {
  return wheels.filter(({ file }) => !existsSync(join(cache, file)));
}

/**
 * Fetches a wheel with pip, from whatever index the user set up for it, unless the cache has it whole; gives its path. A file in
 * the cache was complete when it got its name, and is checked against its SHA-256 all the same. Throws SetupError, DataError.
 */
export async function fetchWheel(wheel: Wheel, cache: string, say: (line: string) => void): Promise<string> {
  const path = join(cache, wheel.file);
  if (existsSync(path)) {
    if ((await sha256Of(path)) === wheel.sha256) return path;
    say(`${path} is damaged: fetching it again`);
    await rm(path);
  }
  const folder = join(cache, `${DOWNLOADING}${process.pid}`);
  await makeFolder(folder);
  try {
    await download(wheel, folder);
    await checkSum(wheel, join(folder, wheel.file));
    await rename(join(folder, wheel.file), path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return path;
}

async function download(wheel: Wheel, folder: string): Promise<void> {
  const { requirement, platform } = pipNames(wheel);
  const outcome = await runTool(
    'python3',
    [
      ...['-m', 'pip', 'download', '--disable-pip-version-check', '--no-cache-dir', '--dest', folder],
      ...['--no-deps', '--only-binary=:all:', '--implementation', 'cp', '--python-version', '3.11'],
      ...['--platform', platform, requirement],
    ],
    { isShown: true },
  );
  if (!outcome?.isSuccess) {
    throw new SetupError(
      'ERR_TENSORFLOW_DOWNLOAD',
      `pip could not download ${requirement} (${outcome?.end ?? 'python3 has gone'}; what it said is above). See that pip reaches its ` +
        'package index (a proxy or a mirror is set in pip.conf), then run this again: what is complete is not fetched twice.',
      { requirement },
    );
  }
  if (!existsSync(join(folder, wheel.file))) {
    const found = (await readdir(folder)).join(', ') || 'nothing';
    throw new SetupError(
      'ERR_TENSORFLOW_DOWNLOAD',
      `pip was asked for ${wheel.file} and left ${found}. Its package index serves another build of ${requirement}; ` +
        'use the official index, or a mirror of it.',
      { requirement, found },
    );
  }
}

async function checkSum({ file, sha256 }: Wheel, path: string): Promise<void> {
  const got = await sha256Of(path);
  if (got === sha256) return;
  throw new DataError(
    'ERR_TENSORFLOW_CHECKSUM',
    `${file} as downloaded has the SHA-256 ${got}, but ${sha256} was expected: it is damaged, or not the published file. ` +
      "It was removed; run this again, and if that does not help, look at pip's package index.",
    { file, got, expected: sha256 },
  );
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/** Removes what runs left that were killed while they downloaded. */
export async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (name.startsWith(DOWNLOADING) && !isProcessAlive(Number(name.slice(DOWNLOADING.length))))
      await rm(join(cache, name), { recursive: true });
  }
}
