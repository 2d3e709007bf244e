import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { layoutIn, stagingFolder } from './layout.js';

/**
 * Removes what was built in the folder of @tensorflow/tfjs-node-gpu, which is then as npm installed it; false where there is
 * nothing of ours. Downloads stay. A build by the package's own install script is left alone.
 */
export async function removeNative(packageFolder: string): Promise<boolean> {
  const { stamp, deps, lib } = layoutIn(packageFolder);
  const staging = stagingFolder(packageFolder);
  const isOurs = existsSync(stamp);
  const isLeft = existsSync(staging);
  // The stamp lies in deps, so that goes last.
  for (const folder of [...(isLeft ? [staging] : []), ...(isOurs ? [lib, deps] : [])])
    await rm(folder, { recursive: true, force: true });
  return isOurs || isLeft;
}
