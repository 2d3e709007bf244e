import { stringify } from 'yaml';
import { keys } from './keys.js';
import type { RunConfig } from './run_config.js';

/** The configuration as YAML that `--config` reads back; sensitive keys are left out. */
export function toYaml(config: RunConfig): string {
  return stringify(toPlain(config));
}

/** The configuration as plain data; sensitive keys are left out. */
export function toPlain(config: RunConfig): Readonly<Record<string, unknown>> {
  const root: Record<string, unknown> = {};
  for (const { name, isSensitive } of keys) {
    if (isSensitive) continue;
    const path = name.split('.');
    let from: unknown = config;
    let to = root;
    for (const part of path.slice(0, -1)) {
      from = (from as Record<string, unknown>)[part];
      to = (to[part] ??= {}) as Record<string, unknown>;
    }
    const last = path[path.length - 1];
    to[last] = (from as Record<string, unknown>)[last];
  }
  return root;
}

/** A list as YAML. */
export function listToYaml(lines: readonly string[]): string {
  return stringify(lines);
}
