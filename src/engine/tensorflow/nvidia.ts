import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { visibleDevices } from './environment.js';

/**
 * How many NVIDIA GPUs this process may use, judged by their device files and CUDA_VISIBLE_DEVICES alone: takes less than a
 * millisecond. Where Windows shares its GPUs with Linux there is one file for all of them.
 */
export function countNvidiaGpus(visible: string | undefined = visibleDevices(), root = '/'): number {
  const files = existsSync(join(root, 'dev')) ? readdirSync(join(root, 'dev')) : [];
  const numGpus = files.filter((name) => /^nvidia\d+$/.test(name)).length || Number(files.includes('dxg'));
  if (visible === undefined) return numGpus;
  // CUDA stops at the first entry that is no device, such as -1.
  const entries = visible.split(',').map((entry) => entry.trim());
  const end = entries.findIndex((entry) => entry === '' || entry.startsWith('-'));
  return Math.min(numGpus, end < 0 ? entries.length : end);
}

/** What the driver calls the GPUs; undefined where it does not say, or has several kinds. */
export function nvidiaModel(root = '/'): string | undefined {
  const folder = join(root, 'proc', 'driver', 'nvidia', 'gpus');
  if (!existsSync(folder)) return undefined;
  const models = readdirSync(folder).map((gpu) => {
    const information = readFileSync(join(folder, gpu, 'information'), 'utf8');
    return /^Model:\s*(.+)$/m.exec(information)?.[1].trim();
  });
  return new Set(models).size === 1 ? models[0] : undefined;
}
