import type { RandomStream } from './random.js';

/** A draw from the standard normal distribution (Box and Muller, 1958). */
export function drawNormal(stream: RandomStream): number {
  return Math.sqrt(-2 * Math.log(1 - stream.uniform())) * Math.cos(2 * Math.PI * stream.uniform());
}

/**
 * The logarithm of a draw from the gamma distribution with this shape (above 0) and scale 1. As a logarithm, since draws
 * of a small shape are smaller than any float64. Marsaglia and Tsang, "A simple method for generating gamma variables",
 * ACM Transactions on Mathematical Software 26(3), 2000; section 6 for shapes below 1.
 */
export function drawLogGamma(shape: number, stream: RandomStream): number {
  if (shape < 1) return drawLogGamma(shape + 1, stream) + Math.log(1 - stream.uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = drawNormal(stream);
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    const logV = Math.log(v);
    if (Math.log(1 - stream.uniform()) < 0.5 * x * x + d * (1 - v + logV)) return Math.log(d) + logV;
  }
}

/** `length` shares that add up to 1, drawn from the symmetric Dirichlet distribution: gamma draws over their sum. */
export function drawDirichlet(alpha: number, length: number, stream: RandomStream): Float64Array {
  const logs = new Float64Array(length);
  let largest = -Infinity;
  for (let at = 0; at < length; at++) {
    logs[at] = drawLogGamma(alpha, stream);
    largest = Math.max(largest, logs[at]);
  }
  let sum = 0;
  for (let at = 0; at < length; at++) sum += logs[at] = Math.exp(logs[at] - largest);
  for (let at = 0; at < length; at++) logs[at] /= sum;
  return logs;
}
