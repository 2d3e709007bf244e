import { createHash } from 'node:crypto';
import type { Progress } from '../core/progress.js';
import type { DataShape } from '../core/shapes.js';

/** Pictures and labels of one split, in memory that every thread of the process shares. */
export interface Rows {
  readonly numRows: number;
  /** [row, channel, height, width], one byte a value */
  readonly pictures: Uint8Array<SharedArrayBuffer>;
  readonly labels: Uint8Array<SharedArrayBuffer>;
  /** Who wrote each row, by number, where the data set says so. */
  readonly writers?: Uint32Array<SharedArrayBuffer> | undefined;
}

/** What can be known of a data set without its rows. */
export interface DatasetFacts {
  readonly name: string;
  readonly shape: DataShape;
  /** By class number. */
  readonly classNames: readonly string[];
  /** Raw value of a picture's empty area, with which models pad. */
  readonly background: number;
  readonly train: Pick<Rows, 'numRows'>;
  readonly test: Pick<Rows, 'numRows'>;
  /** Folder that it came from. */
  readonly folder: string;
  /** Its bytes are those of the official files. */
  readonly isVerified: boolean;
}

/** A data set as it was read from its files. */
export interface Dataset extends DatasetFacts {
  readonly train: Rows;
  readonly test: Rows;
}

/** Where to look for a data set. */
export interface LoadOptions {
  /** Folder with its files; empty for the usual place. */
  readonly dataDir: string;
  /** Where data sets are fetched to, and caches of them kept. */
  readonly datasetsDir: string;
  /** Address from which to fetch instead of the official one; empty for that. */
  readonly mirror: string;
  readonly progress: Progress;
}

/** Reads a data set, fetching what is missing where its place is the usual one. Throws DataError or StorageError. */
export type LoadDataset = (options: LoadOptions) => Promise<Dataset>;

/** The first rows of a split; all where `maxRows` is 0. */
export function limitRows({ numRows, pictures, labels, writers }: Rows, maxRows: number): Rows {
  const kept = maxRows === 0 ? numRows : Math.min(numRows, maxRows);
  const bytesPerPicture = pictures.length / numRows;
  return {
    numRows: kept,
    pictures: pictures.subarray(0, kept * bytesPerPicture),
    labels: labels.subarray(0, kept),
    ...(writers && { writers: writers.subarray(0, kept) }),
  };
}

/** Copies bytes into memory that threads share. */
export function toShared(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

/** Number of rows of each class. */
export function countClasses(labels: ArrayLike<number>, numClasses: number): readonly number[] {
  const counts = new Array<number>(numClasses).fill(0);
  for (let row = 0; row < labels.length; row++) counts[labels[row]]++;
  return counts;
}

/** SHA-256 of all rows of a data set, worked out when it is first asked for. */
export function fingerprintOf({ train, test }: Dataset): () => string {
  let known: string | undefined;
  const hash = () => {
    const sha256 = createHash('sha256');
    for (const { pictures, labels } of [train, test]) sha256.update(pictures).update(labels);
    return sha256.digest('hex');
  };
  return () => (known ??= hash());
}
