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
