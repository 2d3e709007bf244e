import { keys } from '../config/keys.js';
import type { LoadedConfig } from '../config/load.js';
import type { RunOption } from '../report/plots/run_record.js';

/** All options of a configuration but the secret ones, as text beside their defaults. */
export function runOptions({
  config,
  overrides,
}: Pick<LoadedConfig, 'config' | 'overrides'>): readonly RunOption[] {
  return keys
    .filter(({ isSensitive }) => !isSensitive)
    .map(({ name, default: standard }) => ({
      name,
      value: String(valueOf(config, name)),
      default: String(standard),
      isChanged: overrides.some((override) => override.startsWith(`${name}=`)),
    }));
}

function valueOf(config: object, name: string): unknown {
  return name
    .split('.')
    .reduce<unknown>((level, part) => (level as Readonly<Record<string, unknown>>)[part], config);
}
