import type { DataShape } from '../core/shapes.js';

/** Pictures and labels of one split, in memory that every thread of the process shares. */
export interface Rows {
  readonly numRows: number;
  /** [row, channel, height, width], one byte a value */
  readonly pictures: Uint8Array<SharedArrayBuffer>;
  readonly labels: Uint8Array<SharedArrayBuffer>;
}

/** A data set as it was read from its files. */
export interface Dataset {
  readonly name: string;
  readonly shape: DataShape;
  /** Raw value of a picture's empty area, with which models pad. */
  readonly background: number;
  readonly train: Rows;
  readonly test: Rows;
  /** Folder that it came from. */
  readonly folder: string;
  /** Its bytes are those of the official files. */
  readonly isVerified: boolean;
}

/** The first rows of a split; all where `maxRows` is 0. */
export function limitRows({ numRows, pictures, labels }: Rows, maxRows: number): Rows {
  const kept = maxRows === 0 ? numRows : Math.min(numRows, maxRows);
  const bytesPerPicture = pictures.length / numRows;
  return {
    numRows: kept,
    pictures: pictures.subarray(0, kept * bytesPerPicture),
    labels: labels.subarray(0, kept),
  };
}

/** Copies bytes into memory that threads share. */
export function toShared(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
