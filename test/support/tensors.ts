import { expect } from 'chai';
import { randomPermutation, randomStream } from '../../src/core/random.js';
import { numElements, type Shape, type Tensor } from '../../src/core/shapes.js';

export function tensorOf(shape: Shape, values: ArrayLike<number>): Tensor {
  expect(values.length).to.equal(numElements(shape));
  return { shape, data: Float32Array.from(values) };
}

/** Uniform in [-1, 1). */
export function randomTensor(shape: Shape, seed: number): Tensor {
  const stream = randomStream(seed, 'init', 'test');
  return { shape, data: Float32Array.from({ length: numElements(shape) }, () => 2 * stream.uniform() - 1) };
}

/** Values of both signs in random order, 0.1 apart and at least 0.05 from 0: moving one by 0.01 passes no kink. */
export function spacedTensor(shape: Shape, seed: number): Tensor {
  const length = numElements(shape);
  const order = randomPermutation(length, randomStream(seed, 'init', 'test'));
  return { shape, data: Float32Array.from(order, (rank) => (rank - Math.floor(length / 2) + 0.5) / 10) };
}

export function randomLabels(length: number, numClasses: number, seed: number): Int32Array<ArrayBuffer> {
  const stream = randomStream(seed, 'init', 'labels');
  return Int32Array.from({ length }, () => stream.integer(numClasses));
}

/** Largest difference, as a part of the largest value wanted. */
function relativeDifference(got: ArrayLike<number>, want: ArrayLike<number>): number {
  expect(got.length).to.equal(want.length);
  const differences = Array.from(want, (value, index) => Math.abs(got[index] - value));
  const scale = Array.from(want, Math.abs).reduce((a, b) => Math.max(a, b), 0);
  const difference = differences.reduce((a, b) => Math.max(a, b), 0);
  return difference === 0 ? 0 : difference / scale;
}

export function expectClose(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  expect(relativeDifference(got, want), `relative difference of ${what}`).to.be.at.most(tolerance);
}

/** The same numbers exactly; 0 and -0 are one number. */
export function expectSameNumbers(got: ArrayLike<number>, want: ArrayLike<number>, what: string): void {
  const plain = (values: ArrayLike<number>) => Array.from(values, (value) => value + 0);
  expect(plain(got), what).to.deep.equal(plain(want));
}

/** The same float32 bits. */
export function expectSameBits(got: Float32Array, want: Float32Array, what: string): void {
  const bits = ({ buffer, byteOffset, length }: Float32Array) => new Uint32Array(buffer, byteOffset, length);
  expect(bits(got), `bits of ${what}`).to.deep.equal(bits(want));
}
