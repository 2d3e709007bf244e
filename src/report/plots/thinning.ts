/**
 * At most `maxPoints` (4 at least) of the positions `from` up to `to`, in order, that draw the same line: the first, the
 * last, and the smallest and the largest of each stretch between.
 */
export function thinned(
  values: readonly number[],
  from: number,
  to: number,
  maxPoints: number,
): readonly number[] {
  const length = to - from;
  if (length <= maxPoints) return Array.from({ length }, (_, index) => from + index);
  const numStretches = Math.floor((maxPoints - 2) / 2);
  const kept = new Set([from]);
  for (let stretch = 0; stretch < numStretches; stretch++) {
    const [start, end] = [stretch, stretch + 1].map(
      (border) => from + 1 + Math.floor((border * (length - 2)) / numStretches),
    );
    let [low, high] = [start, start];
    for (let at = start; at < end; at++) {
      if (values[at] < values[low]) low = at;
      if (values[at] > values[high]) high = at;
    }
    kept.add(Math.min(low, high)).add(Math.max(low, high));
  }
  return [...kept, to - 1];
}

/** At each position from `from` up to `to`: the mean of up to `window` values around it, none of them outside. */
export function runningMean(
  values: readonly number[],
  from: number,
  to: number,
  window: number,
): readonly number[] {
  const sums = [0];
  for (let at = from; at < to; at++) sums.push(sums[at - from] + values[at]);
  const half = Math.floor(window / 2);
  return Array.from({ length: to - from }, (_, at) => {
    const [start, end] = [Math.max(0, at - half), Math.min(to - from, at + half + 1)];
    return (sums[end] - sums[start]) / (end - start);
  });
}
