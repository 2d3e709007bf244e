import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { NAPI_VERSION, type Layout } from './layout.js';
import type { Flavour, Wheel } from './wheels.js';

/** Everything that decides what the built files are. */
export interface Stamp {
  readonly flavour: Flavour;
  readonly wheels: Readonly<Record<string, string>>;
  readonly patchSha256: string;
  readonly napiVersion: number;
  readonly arch: string;
}

export async function stampOf(flavour: Flavour, wheels: readonly Wheel[], patchFile: string): Promise<Stamp> {
  return {
    flavour,
    wheels: Object.fromEntries(wheels.map(({ file, sha256 }) => [file, sha256])),
    patchSha256: createHash('sha256')
      .update(await readFile(patchFile))
      .digest('hex'),
    napiVersion: NAPI_VERSION,
    arch: process.arch,
  };
}

export async function writeStamp({ stamp: path }: Layout, stamp: Stamp): Promise<void> {
  await writeFile(path, stampText(stamp));
}

/** Whether exactly this was built there, and is still there. */
export async function isBuilt({ stamp: path, addon }: Layout, stamp: Stamp): Promise<boolean> {
  if (!existsSync(path) || !existsSync(addon)) return false;
  return (await readFile(path, 'utf8')) === stampText(stamp);
}

function stampText(stamp: Stamp): string {
  return `${JSON.stringify(stamp, null, 2)}\n`;
}
