import { ConfigError } from '../core/errors.js';

/** A commander parser for a flag that takes a whole number from `min` to `max`. Throws ConfigError. */
export function wholeNumber(flag: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : -1;
    if (number >= min && number <= max) return number;
    throw new ConfigError(
      'ERR_NUMBER',
      `\`${flag}\` is "${text}", but a whole number from ${min} to ${max} was expected. Correct it there.`,
    );
  };
}
