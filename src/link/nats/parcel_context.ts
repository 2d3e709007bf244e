import { createHash } from 'node:crypto';

const kinds = ['head', 'sum'] as const;
const numbers = ['generation', 'step', 'round', 'from', 'to'] as const;

/** What a parcel is for; signed with it, so that it is good for nothing else. */
export interface ParcelContext extends Readonly<Record<(typeof numbers)[number], number>> {
  /** Names one start of one run, the same to all who take part in it. */
  readonly run: string;
  readonly kind: (typeof kinds)[number];
}

const RUN_AT = 1;
const RUN_BYTES = 32;
const NUMBERS_AT = RUN_AT + RUN_BYTES;
const NUMBER_BYTES = 8;

/** The kind, the SHA-256 of the run's name, and five unsigned numbers of 64 bits, big-endian. */
export const CONTEXT_BYTES = NUMBERS_AT + numbers.length * NUMBER_BYTES;

/** Throws RangeError for a number that is not a whole one from 0 to 2^53 - 1. */
export function encodeContext(context: ParcelContext): Uint8Array {
  const bytes = Buffer.alloc(CONTEXT_BYTES);
  bytes[0] = kinds.indexOf(context.kind);
  bytes.set(hashOf(context.run), RUN_AT);
  numbers.forEach((name, place) => {
    const value = context[name];
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`its ${name} is ${value}`);
    bytes.writeBigUInt64BE(BigInt(value), NUMBERS_AT + place * NUMBER_BYTES);
  });
  return bytes;
}

/** Why a context is not the expected one; undefined where it is. */
export function mismatchOf(context: Uint8Array, expected: Partial<ParcelContext>): string | undefined {
  const bytes = Buffer.from(context.buffer, context.byteOffset, CONTEXT_BYTES);
  const { run, kind } = expected;
  if (run !== undefined && !hashOf(run).equals(bytes.subarray(RUN_AT, NUMBERS_AT)))
    return 'it was sealed for another run, or another start of this one';
  if (kind !== undefined && kinds[bytes[0]] !== kind) return `it is not a ${kind}`;
  for (const [place, name] of numbers.entries()) {
    const found = bytes.readBigUInt64BE(NUMBERS_AT + place * NUMBER_BYTES);
    const wanted = expected[name];
    if (wanted !== undefined && found !== BigInt(wanted))
      return `its ${name} is ${found} instead of ${wanted}`;
  }
  return undefined;
}

function hashOf(run: string): Buffer {
  return createHash('sha256').update(run).digest();
}
