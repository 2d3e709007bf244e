import { inspect } from 'node:util';
import { closestMatch } from 'leven';
import { ConfigError } from '../core/errors.js';
import type { Key } from './keys.js';

/** One key given a value somewhere. */
export interface Assignment {
  readonly key: Key;
  readonly value: unknown;
  /** As the user wrote it: `BLOOM_N_WORKERS`, `--n-workers`, `n_workers in "run.yaml"`. */
  readonly source: string;
  /** Name of the variable, of a value from the environment. */
  readonly variable?: string;
}

/** An assignment whose value was checked. Throws ConfigError that names key, source, and what was expected. */
export function assign(assignment: Assignment): Assignment {
  const { key, value, source } = assignment;
  const { format } = key;
  if (!format.isValid(value)) {
    const got = key.isSensitive || format.isHidden ? 'a value of another kind' : shown(value);
    throw new ConfigError(
      'ERR_CONFIG_VALUE',
      `\`${key.name}\` is ${got} (from ${source}), but ${format.expected} was expected. Correct it there. ${key.doc}`,
      { key: key.name, source },
    );
  }
  return { ...assignment, value: format.normalise ? format.normalise(value) : value };
}

/** Of whatever YAML or a program can give: also NaN, or a list that holds itself. */
function shown(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value)
    : inspect(value, { breakLength: Infinity, compact: true });
}

/** A value written as text: in a flag, the environment, or on make's command line. */
export function assignText(assignment: Omit<Assignment, 'value'> & { readonly value: string }): Assignment {
  return assign({ ...assignment, value: assignment.key.format.fromText(assignment.value) });
}

/** The error for a name that no key has; `known` are the names that could have been meant. */
export function unknownName(
  name: string,
  source: string,
  known: readonly string[],
  how: string,
): ConfigError {
  const nearest = closestMatch(name, [...known], { maxDistance: 3 });
  const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
  return new ConfigError('ERR_CONFIG_KEY', `"${name}" (from ${source}) is not an option.${hint} ${how}`, {
    name,
    source,
  });
}

/** Refuses a layer that gives one key two different values under two names. */
export function refuseTwoNames(assignments: readonly Assignment[]): void {
  const seen = new Map<string, Assignment>();
  for (const assignment of assignments) {
    const { key, value, source } = assignment;
    const other = seen.get(key.name);
    if (other && other.value !== value) {
      const [first, second] = [other, assignment].map((each) =>
        key.isSensitive ? each.source : `${each.source} says ${JSON.stringify(each.value)}`,
      );
      throw new ConfigError(
        'ERR_CONFIG_TWO_NAMES',
        `\`${key.name}\` is given twice with different values: ${first}, ${second}. Keep one of them.`,
        { key: key.name, source },
      );
    }
    seen.set(key.name, assignment);
  }
}
