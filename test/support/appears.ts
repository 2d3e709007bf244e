import { existsSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Waits until there is a file or folder of this path, whose parents may not be there yet either. */
export async function appears(path: string): Promise<void> {
  if (existsSync(path)) return;
  await appears(dirname(path));
  const watcher = watch(dirname(path));
  try {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (existsSync(path)) resolve();
      };
      watcher.on('change', look).on('error', reject);
      // It may have appeared before the watcher was there.
      look();
    });
  } finally {
    watcher.close();
  }
}
