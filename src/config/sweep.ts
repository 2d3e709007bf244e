import { ConfigError } from '../core/errors.js';
import { assignText, unknownName, type Assignment } from './assignment.js';
import { keys, type Key } from './keys.js';

/** A value of a key as it is kept, and as JSON holds it. */
export type Value = string | number | boolean;

/** A key, and the values that it takes in turn. */
export interface Sweep {
  readonly key: string;
  readonly values: readonly Value[];
}

/** One choice of a value for every swept key. */
export type Settings = Readonly<Record<string, Value>>;

/** Keys that a comparison sets itself, or that must not be written. */
const notSwept: Partial<Record<string, string>> = {
  output_dir: 'a comparison decides where its runs go',
  'wandb.key': 'it is never written anywhere',
};

/**
 * What texts like `n_workers=2,8` say; where values have commas themselves, semicolons separate them. Throws ConfigError.
 */
export function parseSweeps(texts: readonly string[]): readonly Sweep[] {
  const sweeps = texts.map(parseSweep);
  for (const [index, { key }] of sweeps.entries())
    if (sweeps.findIndex((other) => other.key === key) < index)
      throw refusal(`\`${key}\` is swept twice. Give all its values in one \`--sweep ${key}=...\`.`);
  return sweeps;
}

function parseSweep(text: string): Sweep {
  const [, name, list] = /^([^=]*)=(.*)$/s.exec(text) ?? ['', '', undefined];
  if (list === undefined)
    throw refusal(`\`--sweep\` is "${text}", but KEY=VALUE,VALUE was expected, as in n_workers=2,8.`);
  const key = keyNamed(name);
  if (list === '')
    throw refusal(
      `\`--sweep ${name}=\` has an empty list. Give the values that it should take: ${key.format.expected}.`,
    );
  const values = list.split(list.includes(';') ? ';' : ',').map((value) => valueOf(key, value.trim()));
  const twice = values.find((value, index) => values.indexOf(value) < index);
  if (twice !== undefined)
    throw refusal(`\`--sweep ${name}=${list}\` has ${String(twice)} twice. Leave one of them out.`);
  return { key: key.name, values };
}

function keyNamed(name: string): Key {
  const key = keys.find((each) => each.name === name);
  if (!key) {
    const names = keys.map((each) => each.name);
    throw unknownName(name, '--sweep', names, 'See all keys with `bloom-split train --help`.');
  }
  const why = notSwept[name];
  if (why !== undefined) throw refusal(`\`${name}\` cannot be swept: ${why}. Leave it out.`);
  return key;
}

function valueOf(key: Key, text: string): Value {
  return assignText({ key, value: text, source: `--sweep ${key.name}` }).value as Value;
}

/** Every choice of one value a sweep; the last sweep changes fastest. */
export function cellsOf(sweeps: readonly Sweep[]): readonly Settings[] {
  return sweeps.reduce<readonly Settings[]>(
    (cells, { key, values }) => cells.flatMap((cell) => values.map((value) => ({ ...cell, [key]: value }))),
    [{}],
  );
}

/** Settings as assignments, which win over all others. */
export function assignmentsOf(settings: Settings): readonly Assignment[] {
  return Object.entries(settings).map(([name, value]) => {
    const source = name === 'seed' ? '--seeds' : `--sweep ${name}`;
    return { key: keyNamed(name), value, source };
  });
}

/** Settings as flags of `train`. */
export function flagsOf(settings: Settings): readonly string[] {
  return Object.entries(settings).map(([name, value]) => `--${keyNamed(name).flagNames[0]}=${String(value)}`);
}

/** Refuses a key that is both swept and given as a flag: one of them would be without effect. */
export function refuseSweptFlags(sweeps: readonly Sweep[], flagNames: readonly string[]): void {
  for (const { key } of sweeps) {
    const flag = keyNamed(key).flagNames.find((name) => flagNames.includes(name));
    if (flag !== undefined)
      throw refusal(`\`${key}\` is swept, and given with --${flag} too. Leave one of them out.`);
  }
}

function refusal(message: string): ConfigError {
  return new ConfigError('ERR_SWEEP', message);
}
