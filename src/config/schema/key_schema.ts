import type { Format } from '../formats.js';

/** One key: what it means, which values it takes, and its value where nothing else is said. */
export interface KeySchema<T> {
  readonly doc: string;
  readonly format: Format;
  readonly default: T;
  /** Names in the environment besides `BLOOM_...`. */
  readonly env?: readonly string[];
  /** Names as a flag besides the key's own. */
  readonly flags?: readonly string[];
  /** Never written to a file, a log or an error. */
  readonly sensitive?: boolean;
}

export type Schema<T> = {
  readonly [K in keyof T]: T[K] extends object ? Schema<T[K]> : KeySchema<T[K]>;
};
