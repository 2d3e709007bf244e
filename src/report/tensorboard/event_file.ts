import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { encodeFileVersion, encodeSummary, type SummaryValue } from './event_proto.js';
import { encodeRecord } from './records.js';

/** Milliseconds since 1970. */
export type Clock = () => number;

/** So much waits in memory at most. */
const MAX_WAITING_BYTES = 65_536;

/** A new event file in a folder; records gather in memory until there are many, or `flush`. */
export class EventFile {
  /** File name in the folder. */
  readonly name: string;
  readonly #file: number;
  readonly #now: Clock;
  #waiting: Uint8Array[] = [];
  #numWaitingBytes = 0;

  /** Makes the folder where it is not there. */
  constructor(folder: string, now: Clock) {
    mkdirSync(folder, { recursive: true });
    ({ name: this.name, file: this.#file } = openNew(folder, now));
    this.#now = now;
    this.#add(encodeFileVersion(this.#seconds()));
  }

  /** Values of one step. */
  write(step: number, values: readonly SummaryValue[]): void {
    this.#add(encodeSummary(this.#seconds(), step, values));
  }

  /** Hands everything to the system. What a failed call did not write is given up. */
  flush(): void {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#numWaitingBytes = 0;
    for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
  }

  /** Its bytes, all records included. */
  get length(): number {
    this.flush();
    return fstatSync(this.#file).size;
  }

  /** Forgets what came after these bytes. */
  cutBack(length: number): void {
    this.flush();
    ftruncateSync(this.#file, length);
  }

  close(): void {
    try {
      this.flush();
    } finally {
      closeSync(this.#file);
    }
  }

  #add(data: Uint8Array): void {
    const record = encodeRecord(data);
    this.#waiting.push(record);
    this.#numWaitingBytes += record.length;
    if (this.#numWaitingBytes > MAX_WAITING_BYTES) this.flush();
  }

  #seconds(): number {
    return this.#now() / 1000;
  }
}

/** Opens a file that was not there, named as TensorBoard looks for it: by seconds, source, process and a number. */
function openNew(folder: string, now: Clock): { name: string; file: number } {
  const start = `events.out.tfevents.${Math.floor(now() / 1000)}.bloom-split.${process.pid}`;
  for (let number = 0; ; number++) {
    try {
      const name = `${start}.${number}`;
      return { name, file: openSync(join(folder, name), 'ax') };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
