/** Sums over rows, from which means of any grouping follow. */
export interface Tally {
  readonly rows: number;
  readonly lossSum: number;
  readonly numCorrect: number;
}

export const emptyTally: Tally = { rows: 0, lossSum: 0, numCorrect: 0 };

export function addTallies(a: Tally, b: Tally): Tally {
  return {
    rows: a.rows + b.rows,
    lossSum: a.lossSum + b.lossSum,
    numCorrect: a.numCorrect + b.numCorrect,
  };
}

/** Of what a client sent: whole numbers, at least one row, and a sum that is a number, finite or not. */
export function isBatchTally(value: unknown): value is Tally {
  const { rows, lossSum, numCorrect } = (value ?? {}) as Readonly<Record<keyof Tally, unknown>>;
  return (
    Number.isSafeInteger(rows) &&
    Number(rows) >= 1 &&
    Number.isSafeInteger(numCorrect) &&
    Number(numCorrect) >= 0 &&
    Number(numCorrect) <= Number(rows) &&
    typeof lossSum === 'number'
  );
}
