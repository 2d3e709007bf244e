/** One measured number, for a table and for the record. */
export interface Measurement {
  readonly subject: string;
  readonly text: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Value below which this share of the (sorted) values lie. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.round(share * (sorted.length - 1))];
}

/** Median, and the spread between the 10th and the 90th percentile. */
export function summarise(subject: string, values: readonly number[], unit: string): Measurement {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, median, high] = [0.1, 0.5, 0.9].map((share) => quantile(sorted, share));
  const text = `${median.toFixed(2)} ${unit}  (${low.toFixed(2)} to ${high.toFixed(2)}, ${values.length} values)`;
  return { subject, text, median, low, high };
}
