import { DataError } from '../../core/errors.js';

/** Pixels on each side of a picture. */
export const SIDE = 28;
export const PIXELS = SIDE * SIDE;

/** By label: digits, capitals, small letters, as LEAF and flwrlabs/femnist number them. */
export const classNames: readonly string[] = Array.from(
  '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
);

/** Some rows of a source file, in the file's order. */
export interface RowBlock {
  /** Name of each row's writer. */
  readonly writers: readonly string[];
  readonly labels: Uint8Array;
  /** [row, height, width], one byte a pixel */
  readonly pictures: Uint8Array;
  /** How much of the file was read for them. */
  readonly numBytes: number;
}

/** The label, if it is one. */
export function isLabel(label: number): boolean {
  return Number.isInteger(label) && label >= 0 && label < classNames.length;
}

/** A source file that is damaged or of another kind; `why` names the place in it. */
export function badSource(path: string, why: string, options?: ErrorOptions): DataError {
  return new DataError(
    'ERR_DATA',
    `"${path}" is damaged or not of the data set "femnist": ${why}. Replace the file.`,
    { path },
    options,
  );
}
