import { randomPermutation, type RandomStream } from '../core/random.js';

type RowNumbers = Uint32Array<ArrayBuffer>;

/** Row numbers of each group, ascending, from the group of every row; rows of groups from `numGroups` on are left out. */
export function groupRows(groups_N: ArrayLike<number>, numGroups: number): readonly RowNumbers[] {
  const sizes = new Array<number>(numGroups).fill(0);
  for (let row = 0; row < groups_N.length; row++) if (groups_N[row] < numGroups) sizes[groups_N[row]]++;
  const groups = sizes.map((size) => new Uint32Array(size));
  const filled = new Array<number>(numGroups).fill(0);
  for (let row = 0; row < groups_N.length; row++) {
    const group = groups_N[row];
    if (group < numGroups) groups[group][filled[group]++] = row;
  }
  return groups;
}

/** The same numbers in random order. */
export function inRandomOrder(numbers: RowNumbers, stream: RandomStream): RowNumbers {
  return randomPermutation(numbers.length, stream).map((at) => numbers[at]);
}

/**
 * Whole numbers in proportion to the weights (0 or more, not all 0) that add up to `total`, by largest remainder: the
 * earlier one where remainders are equal, exactly so for whole weights.
 */
export function apportion(weights: ArrayLike<number>, total: number): Uint32Array<ArrayBuffer> {
  const sum = Array.from(weights).reduce((a, b) => a + b, 0);
  const remainders = Float64Array.from(weights, (weight) => (weight * total) % sum);
  const parts = Uint32Array.from(weights, (weight, at) =>
    Math.round((weight * total - remainders[at]) / sum),
  );
  const missing = total - parts.reduce((a, b) => a + b, 0);
  const byRemainder = Uint32Array.from(weights, (_, at) => at).sort(
    (a, b) => remainders[b] - remainders[a] || a - b,
  );
  for (const at of byRemainder.subarray(0, missing)) parts[at]++;
  return parts;
}
