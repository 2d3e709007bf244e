import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../config/load.js';

/** Versions that a result depends on. */
export function versions(): Readonly<Record<string, string>> {
  return { 'bloom-split': ownVersion(), node: process.versions.node };
}

export function ownVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
