import type { Format } from './formats.js';
import type { KeySchema } from './schema/key_schema.js';
import { schema } from './schema/schema.js';

/** A key of the configuration under all the names that it has. */
export interface Key {
  /** `optimizer.head.lr` */
  readonly name: string;
  /** `BLOOM_OPTIMIZER_HEAD_LR` first, then short names. */
  readonly envNames: readonly string[];
  /** `optimizer-head-lr` first, then other names. */
  readonly flagNames: readonly string[];
  readonly doc: string;
  readonly format: Format;
  readonly default: unknown;
  readonly isSensitive: boolean;
}

/** Prefix of every variable of ours in the environment. */
export const ENV_PREFIX = 'BLOOM_';

/** All keys in the order of the schema. */
export const keys: readonly Key[] = flattened(schema, []);

function flattened(level: object, path: readonly string[]): readonly Key[] {
  return Object.entries(level).flatMap(([name, entry]: [string, object]) =>
    'doc' in entry
      ? [toKey([...path, name], entry as KeySchema<unknown>)]
      : flattened(entry, [...path, name]),
  );
}

function toKey(path: readonly string[], entry: KeySchema<unknown>): Key {
  const { doc, format, env = [], flags = [], sensitive = false } = entry;
  return {
    name: path.join('.'),
    envNames: [ENV_PREFIX + path.join('_').toUpperCase(), ...env],
    flagNames: [path.join('-').replaceAll('_', '-'), ...flags],
    doc,
    format,
    default: entry.default,
    isSensitive: sensitive,
  };
}
