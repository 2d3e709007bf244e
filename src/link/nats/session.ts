import { randomBytes } from 'node:crypto';

const NUM_BYTES = 8;

/** A name for the memory of one process: 16 hexadecimal digits, never the same again. */
export function newSession(): string {
  return randomBytes(NUM_BYTES).toString('hex');
}
