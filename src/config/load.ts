import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import convict from 'convict';
import { ConfigError } from '../core/errors.js';
import { refuseTwoNames, type Assignment } from './assignment.js';
import { refuseContradictions } from './contradictions.js';
import { keys, type Key } from './keys.js';
import type { RunConfig } from './run_config.js';
import { schema } from './schema/schema.js';
import { readEnvironment, readFlags, readMake, readMapping, readYaml } from './sources.js';

/** Where the values of a command come from. */
export interface ConfigSources {
  /** YAML file over `config/base.yaml`; none where undefined. */
  readonly file?: string | undefined;
  /** By flag name without dashes, every value given. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** Names of the variables on make's command line. */
  readonly makeNames: readonly string[];
}

export interface LoadedConfig {
  readonly config: RunConfig;
  /** `key=value` of everything that differs from the defaults. */
  readonly overrides: readonly string[];
  /** Values that the environment decided, with the variable's name. */
  readonly fromEnvironment: readonly {
    readonly key: string;
    readonly variable: string;
    readonly value: string;
  }[];
}

/** The folder that holds package.json: `config/base.yaml` lies under it. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/**
 * The configuration of a command: defaults, `config/base.yaml`, the given file, the environment, flags, and what the command
 * itself sets; later wins. Throws ConfigError.
 */
export function loadConfig(sources: ConfigSources, settings: readonly Assignment[] = []): LoadedConfig {
  const { env } = process;
  const base = readYaml(join(packageRoot(), 'config', 'base.yaml'));
  const layers = [
    base,
    sources.file === undefined ? [] : readYaml(sources.file),
    readEnvironment(env, sources.makeNames),
    [...readMake(sources.makeNames, env), ...readFlags(sources.flags)],
    settings,
  ];
  return merge(layers);
}

/** The configuration of a program that gives its options as an object: defaults, then options. Throws ConfigError. */
export function configFrom(options: object, source = 'the options'): LoadedConfig {
  return merge([readMapping(options as Record<string, unknown>, source)]);
}

/** The configuration in a run's `.hydra/config.yaml`: defaults, then the file, then flags. Throws ConfigError. */
export function configFromFile(
  path: string,
  flags: ReadonlyMap<string, readonly string[]> = new Map(),
): LoadedConfig {
  return merge([readYaml(path, 'Give a run directory, one that `train` made.'), readFlags(flags)]);
}

function merge(layers: readonly (readonly Assignment[])[]): LoadedConfig {
  layers.forEach(refuseTwoNames);
  const winners = new Map(layers.flat().map((assignment) => [assignment.key.name, assignment]));
  const values = convict(convictSchema(), { env: {}, args: [] });
  for (const [name, { value }] of winners) values.set(name, value);
  values.validate({ allowed: 'strict' });
  const config = deepFreeze(withMode(values.getProperties() as unknown as RunConfig, winners));
  refuseContradictions(config, (name) => winners.get(name)?.source ?? 'its default');
  const shown = (key: Key, value: unknown) => (key.isSensitive ? '(set)' : String(value));
  return {
    config,
    overrides: [...winners.values()]
      .filter(({ key, value }) => !key.isSensitive && value !== defaultOf(key))
      .map(({ key, value }) => `${key.name}=${String(value)}`),
    fromEnvironment: [...winners.values()].flatMap(({ key, value, variable }) =>
      variable === undefined ? [] : [{ key: key.name, variable, value: shown(key, value) }],
    ),
  };
}

/** The default as it is kept. */
function defaultOf({ format, default: value }: Key): unknown {
  return format.normalise ? format.normalise(value) : value;
}

/** The schema as convict takes it. */
function convictSchema(): convict.Schema<Record<string, unknown>> {
  const root: Record<string, unknown> = {};
  for (const key of keys) {
    const { name, doc, format, isSensitive } = key;
    const path = name.split('.');
    const level = path
      .slice(0, -1)
      .reduce((parent, part) => (parent[part] ??= {}) as Record<string, unknown>, root);
    level[path[path.length - 1]] = {
      doc,
      default: defaultOf(key),
      sensitive: isSensitive,
      format: (candidate: unknown) => {
        if (!format.isValid(candidate)) throw new Error(`must be ${format.expected}`);
      },
    };
  }
  return root as convict.Schema<Record<string, unknown>>;
}

/** `parallel_training: true` is another name of `mode: parallel`. Throws ConfigError where `mode` says something else. */
function withMode(config: RunConfig, winners: ReadonlyMap<string, Assignment>): RunConfig {
  if (!config.parallel_training || config.mode === 'parallel') return config;
  const given = winners.get('mode');
  if (given && config.mode !== schema.mode.default) {
    throw new ConfigError(
      'ERR_CONFIG_CONTRADICTION',
      `\`parallel_training\` is true (from ${winners.get('parallel_training')?.source ?? 'its default'}), but \`mode\` is ${config.mode} ` +
        `(from ${given.source}). Leave one of them out.`,
    );
  }
  return { ...config, mode: 'parallel' };
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value))
    if (typeof part === 'object' && part !== null) deepFreeze(part as object);
  return Object.freeze(value);
}
