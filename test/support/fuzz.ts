import { expect } from 'chai';
import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { DataError } from '../../src/core/errors.js';
import { damagedFiles, damagedJson } from './fuzz_inputs.js';

/** How many inputs each decoder gets: `FUZZ_RUNS=10000 npx mocha build/test/integration/fuzz/*.test.js` for the full number. */
export const numRuns = Number(process.env.FUZZ_RUNS ?? 200);

type ErrorClass = new (...args: never[]) => Error;

/** A decoder of what others wrote, and what it may throw at them. */
export interface FuzzedDecoder<Input> {
  readonly decode: (input: Input) => unknown;
  readonly refusal: ErrorClass;
}

/** Beyond this and a multiple of its input, what a decoder allocates is out of proportion. */
const SOME_BYTES = 8 << 20;
const BYTES_PER_INPUT_BYTE = 100;

/**
 * Gives a decoder many inputs: each must end in a value or in the refusal, with memory in proportion, and Object.prototype as it
 * was. Returns how many were refused.
 */
export async function fuzz<Input>(
  inputs: fc.Arbitrary<Input>,
  sizeOf: (input: Input) => number,
  { decode, refusal }: FuzzedDecoder<Input>,
): Promise<number> {
  let numRefused = 0;
  await fc.assert(
    fc.asyncProperty(inputs, async (input) => {
      const before = process.memoryUsage().arrayBuffers;
      try {
        await decode(input);
      } catch (error) {
        if (!(error instanceof refusal)) throw error;
        numRefused++;
      }
      const grown = process.memoryUsage().arrayBuffers - before;
      expect(grown, 'bytes allocated').to.be.below(SOME_BYTES + BYTES_PER_INPUT_BYTE * sizeOf(input));
      expect(Object.keys(Object.prototype)).to.deep.equal([]);
      expect({}).to.have.property('__proto__', Object.prototype);
    }),
    { numRuns },
  );
  return numRefused;
}

/** Each of the files is taken as it is; damaged, it is taken or refused. */
export async function fuzzBytes(
  files: readonly Uint8Array[],
  decode: (bytes: Uint8Array) => unknown,
  refusal: ErrorClass = DataError,
): Promise<void> {
  for (const each of files) await decode(each);
  expect(await fuzz(damagedFiles(files), (bytes) => bytes.length, { decode, refusal })).to.be.above(0);
}

/** The same of JSON in which one part is strange. */
export async function fuzzJson(
  value: unknown,
  decode: (content: string) => unknown,
  refusal: ErrorClass = DataError,
): Promise<void> {
  await decode(JSON.stringify(value));
  expect(await fuzz(damagedJson(value), (content) => content.length, { decode, refusal })).to.be.above(0);
}

/** A decoder that reads a file at a path, as one of its contents. */
export const fromFile =
  <T>(path: string, read: (path: string) => T) =>
  (content: string | Uint8Array): T => {
    writeFileSync(path, content);
    return read(path);
  };

/** Reads a generator to its end. */
export async function drain(items: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) expect(item).to.be.an('object');
}
