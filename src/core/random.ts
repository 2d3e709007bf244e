import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/**
 * A stream of random numbers that depends on its key alone, so that no generator state is ever carried from one part of
 * a run to another: the same (seed, purpose, ...) gives the same numbers in any thread at any time.
 */
export interface RandomStream {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Uniform integer in [0, below). */
  integer(below: number): number;
}

/** What a stream is for; two purposes never share numbers. */
export type Purpose =
  'init' | 'partition' | 'holdout' | 'forgetting' | 'shuffle' | 'tail_order' | 'drawn_clients';

/** Opens the stream keyed by (seed, purpose, key): xoroshiro128+ started from the SHA-256 of the key. */
export function randomStream(
  seed: number,
  purpose: Purpose,
  ...key: readonly (number | string)[]
): RandomStream {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, purpose, ...key]))
    .digest();
  const state = [0, 4, 8, 12].map((offset) => digest.readInt32LE(offset));
  const generator = xoroshiro128plusFromState(state);
  return {
    uniform: () => uniformFloat64(generator),
    integer: (below) => uniformInt(generator, 0, below - 1),
  };
}

/** The numbers 0 .. length-1 in random order (Fisher-Yates). */
export function randomPermutation(length: number, stream: RandomStream): Uint32Array<ArrayBuffer> {
  const order = Uint32Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = stream.integer(last + 1);
    const kept = order[last];
    order[last] = order[other];
    order[other] = kept;
  }
  return order;
}
