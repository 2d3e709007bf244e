import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { ConfigError, messageOf } from '../core/errors.js';
import { assign, assignText, unknownName, type Assignment } from './assignment.js';
import { ENV_PREFIX, keys, type Key } from './keys.js';

const GIVE_A_FILE = 'Give an existing YAML file with `--config`.';
const ALL_OPTIONS = 'See all options with `bloom-split train --help`.';

/** Variables that are not options, but have our prefix for other reasons. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a YAML file says. An empty file says nothing. `remedy` is what the error says to do where it cannot be read. */
export function readYaml(path: string, remedy = GIVE_A_FILE): readonly Assignment[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(
      'ERR_CONFIG_FILE',
      `Cannot read the configuration file "${path}": ${messageOf(error)}. ${remedy}`,
      { path },
      { cause: error },
    );
  }
  const content = parseYaml(text, path);
  if (content === null) return [];
  if (!isMapping(content)) {
    throw new ConfigError(
      'ERR_CONFIG_FILE',
      `"${path}" should be a YAML mapping of options. ${ALL_OPTIONS}`,
      {
        path,
      },
    );
  }
  return readMapping(content, `"${path}"`);
}

/** What the parser says of a fault is left out: it quotes the file, and a secret may stand there. */
function parseYaml(text: string, path: string): unknown {
  const notYaml = (why: string) =>
    new ConfigError('ERR_CONFIG_FILE', `"${path}" is not YAML: ${why}. Correct the file.`, { path });
  const document = parseDocument(text, { logLevel: 'error', stringKeys: true });
  const problem = document.errors.at(0);
  if (problem) {
    const { line, col } = problem.linePos?.[0] ?? { line: 1, col: 1 };
    throw notYaml(`${problem.code.toLowerCase().replaceAll('_', ' ')} at line ${line}, column ${col}`);
  }
  try {
    return document.toJS();
  } catch {
    throw notYaml('an alias (*name) has no anchor (&name) before it, or there are too many');
  }
}

/** What a mapping of (nested or dotted) keys says; `where` names it in errors. */
export function readMapping(mapping: Record<string, unknown>, where: string): readonly Assignment[] {
  const assignments: Assignment[] = [];
  const visit = (level: Record<string, unknown>, path: readonly string[]) => {
    for (const [name, value] of Object.entries(level)) {
      const full = [...path, name].join('.');
      const key = keys.find((each) => each.name === full);
      if (key) assignments.push(assign({ key, value, source: `${full} in ${where}` }));
      else if (isMapping(value) && keys.some((each) => each.name.startsWith(`${full}.`)))
        visit(value, [...path, name]);
      else
        throw unknownName(
          full,
          where,
          keys.map((each) => each.name),
          ALL_OPTIONS,
        );
    }
  };
  visit(mapping, []);
  return assignments;
}

/** What the environment says; variables in `taken` were given to make, and count as flags. Empty ones say nothing. */
export function readEnvironment(env: Environment, taken: readonly string[]): readonly Assignment[] {
  const assignments: Assignment[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === '' || taken.includes(name)) continue;
    const key = keyOfVariable(name);
    if (key) {
      assignments.push(assignText({ key, value, source: name, variable: name }));
    } else if (name.startsWith(ENV_PREFIX)) {
      throw unknownName(name, 'the environment', envNames(), `Unset it. ${ALL_OPTIONS}`);
    }
  }
  return assignments;
}

/**
 * What `make train NAME=value` says. Make puts its variables into the environment; `names` tells which of them were on its
 * command line. A name is a key in capitals (or as it is), or one of the short names.
 */
export function readMake(names: readonly string[], env: Environment): readonly Assignment[] {
  return names.map((name) => {
    const key = keyOfVariable(name) ?? keyOfVariable(ENV_PREFIX + name.toUpperCase());
    if (!key) {
      const known = envNames().map((each) => each.replace(ENV_PREFIX, ''));
      throw unknownName(
        name,
        `make ${name}=...`,
        known,
        'Use the key in capitals, dots as underscores. ' + ALL_OPTIONS,
      );
    }
    return assignText({ key, value: env[name] ?? '', source: `make ${name}=...` });
  });
}

/** What flags say: by flag name, every value that was given. */
export function readFlags(flags: ReadonlyMap<string, readonly string[]>): readonly Assignment[] {
  return [...flags].flatMap(([name, values]) => {
    const key = keys.find((each) => each.flagNames.includes(name));
    if (!key) throw unknownName(`--${name}`, 'the command line', flagNames(), ALL_OPTIONS);
    return values.map((value) => assignText({ key, value, source: `--${name}` }));
  });
}

function keyOfVariable(name: string): Key | undefined {
  return keys.find((key) => key.envNames.includes(name));
}

function envNames(): readonly string[] {
  return keys.flatMap((key) => key.envNames);
}

function flagNames(): readonly string[] {
  return keys.flatMap((key) => key.flagNames.map((name) => `--${name}`));
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
