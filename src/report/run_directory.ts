import { mkdir, readdir, rm, rmdir, stat, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError, messageOf, StorageError } from '../core/errors.js';
import { isTemporary, makeFolder, writeFileAtomic } from '../core/files.js';
import type { FileLengths } from './sink.js';

export const METRICS = 'metrics.jsonl';

/** Paths inside a run directory. */
export const runFiles = (runDirectory: string) =>
  ({
    config: join(runDirectory, '.hydra', 'config.yaml'),
    overrides: join(runDirectory, '.hydra', 'overrides.yaml'),
    lock: join(runDirectory, '.lock'),
    checkpoints: join(runDirectory, 'checkpoints'),
    log: join(runDirectory, 'run.log'),
    metrics: join(runDirectory, METRICS),
    summary: join(runDirectory, 'summary.json'),
    report: join(runDirectory, 'report.html'),
    evaluation: join(runDirectory, 'evaluation.json'),
    tail: join(runDirectory, 'model', 'tail.safetensors'),
    onnx: join(runDirectory, 'model', 'model.onnx'),
    tensorboard: join(runDirectory, 'tensorboard'),
  }) as const;

/**
 * Where a client's weights lie, one file a layer group: `model/head.safetensors` and so on, or `head_3.safetensors` where every
 * client has its own.
 */
export function clientFiles(
  runDirectory: string,
  parts: readonly ('head' | 'back' | 'tail')[],
  client: number | null,
): readonly string[] {
  const suffix = client === null ? '' : `_${client}`;
  return parts.map((part) => join(runDirectory, 'model', `${part}${suffix}.safetensors`));
}

/** Makes `outputDir/2026-11-24/14-03-22` for this moment, or `14-03-22_2` and so on where that is taken: never one twice. */
export async function createRunDirectory(outputDir: string, now: Date): Promise<string> {
  const [day, time] = dayAndTime(now);
  return await createDirectory(outputDir, join(outputDir, day), time);
}

/** Makes `outputDir/compare-2026-11-24_14-03-22` for this moment: never one twice. */
export async function createComparisonDirectory(outputDir: string, now: Date): Promise<string> {
  return await createDirectory(outputDir, outputDir, `compare-${dayAndTime(now).join('_')}`);
}

/** Makes a run directory of this path. Throws ConfigError where there is something already. */
export async function claimRunDirectory(path: string): Promise<string> {
  let isNew: boolean;
  try {
    await makeFolder(dirname(path));
    isNew = await wasMade(path);
  } catch (error) {
    throw cannotMake(dirname(path), '--run-directory', error);
  }
  if (isNew) return path;
  throw new ConfigError(
    'ERR_RUN_DIRECTORY_TAKEN',
    `\`--run-directory\` is "${path}", which exists. Give a path where nothing is, or go on with: npx bloom-split resume ${path}`,
    { path },
  );
}

function dayAndTime(now: Date): readonly [day: string, time: string] {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return [day, [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join('-')];
}

/** `parent/name`, or `name_2` and so on where that is taken. */
async function createDirectory(outputDir: string, parent: string, name: string): Promise<string> {
  try {
    await makeFolder(parent);
    for (let attempt = 1; ; attempt++) {
      const path = join(parent, attempt === 1 ? name : `${name}_${attempt}`);
      if (await wasMade(path)) return path;
    }
  } catch (error) {
    throw cannotMake(outputDir, 'output_dir', error);
  }
}

function cannotMake(outputDir: string, key: string, error: unknown): StorageError {
  return new StorageError(
    'ERR_OUTPUT_DIR',
    `Cannot make a run directory in "${outputDir}" (\`${key}\`): ${messageOf(error)}. Choose a folder that can be written.`,
    { outputDir },
    { cause: error },
  );
}

/** Takes back a run directory in which nothing was run, and the folders above it that were made for it and are empty. */
export async function removeRunDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  for (const folder of [dirname(path), dirname(dirname(path))]) {
    const isGone = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}

/** mkdir is what claims a name: two processes cannot both succeed. */
async function wasMade(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Writes a JSON file that people read too. */
export async function writeJson(path: string, content: unknown): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(content, null, 2)}\n`);
}

/** Writes a JSON file that is too large to be read by people: a line for each part of it. */
export async function writeCompactJson(path: string, content: object): Promise<void> {
  const parts = Object.entries(content).map(
    ([name, part]) => `${JSON.stringify(name)}:${JSON.stringify(part)}`,
  );
  await writeFileAtomic(path, `{\n${parts.join(',\n')}\n}\n`);
}

/**
 * Cuts the append-only files of a run directory (or `only` some of them) back to these lengths; what is not named there began
 * later, and goes.
 */
export async function cutBack(
  runDirectory: string,
  lengths: FileLengths,
  only?: readonly string[],
): Promise<void> {
  const { metrics, tensorboard } = runFiles(runDirectory);
  await cutFile(metrics, lengths[METRICS] ?? 0);
  for (const file of await readdir(tensorboard).catch(() => [])) {
    const name = `tensorboard/${file}`;
    if (only?.includes(name) === false) continue;
    if (Object.hasOwn(lengths, name)) await cutFile(join(tensorboard, file), lengths[name]);
    else await rm(join(tensorboard, file));
  }
}

/** Never longer than it is. */
async function cutFile(path: string, length: number): Promise<void> {
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  if (size > length) await truncate(path, length);
}

/** Removes what a process that was killed had not finished writing. */
export async function removeTemporaries(runDirectory: string): Promise<void> {
  for (const folder of ['.', '.hydra', 'model'].map((name) => join(runDirectory, name)))
    for (const name of await readdir(folder).catch(() => []))
      if (isTemporary(name)) await rm(join(folder, name), { force: true });
}
