import { keys } from '../config/keys.js';
import type { RunConfig } from '../config/run_config.js';
import type { RunOption } from '../report/plots/run_record.js';

/** All options of a configuration but the secret ones, as text beside their defaults. */
export function runOptions(config: RunConfig): readonly RunOption[] {
  return keys
    .filter(({ isSensitive }) => !isSensitive)
    .map(({ name, format, default: value }) => ({
      name,
      value: String(valueOf(config, name)),
      default: String(format.normalise ? format.normalise(value) : value),
    }));
}

function valueOf(config: RunConfig, name: string): unknown {
  return name
    .split('.')
    .reduce<unknown>((level, part) => (level as Readonly<Record<string, unknown>>)[part], config);
}
