import type { Link } from '../link/link.js';
import type { ActivationsMessage, Position, TestSet } from '../link/messages.js';
import { joinPredictions, type Predictions } from '../metrics/predictions.js';
import type { Tail } from './tail.js';

/** Test rows in one message: fixed, so that results do not depend on the training's batch size. */
const ROWS_PER_MESSAGE = 250;

/** Which rows are tested: all test rows, or the sample for the forgetting matrix. */
export interface TestRows {
  readonly set: TestSet;
  readonly numRows: number;
}

/** Tests the head that this client holds with the tail, on rows that the client has; one message is always ahead. */
export async function evaluate(
  link: Link,
  tail: Tail,
  { set, numRows: numTestRows }: TestRows,
  position: Position,
): Promise<Predictions> {
  const ask = (firstRow: number) => {
    const numRows = Math.min(ROWS_PER_MESSAGE, numTestRows - firstRow);
    return numRows > 0 ? link.testActivations({ ...position, set, firstRow, numRows }) : undefined;
  };
  const parts: Predictions[] = [];
  let message = await ask(0);
  for (let firstRow = 0; message; firstRow += ROWS_PER_MESSAGE) {
    // Waited for together: a client that dies while the tail works is heard of.
    const ahead = ask(firstRow + ROWS_PER_MESSAGE);
    const [tested, next]: [Predictions, ActivationsMessage | undefined] = await Promise.all([
      tail.test(message, position, link.client),
      ahead,
    ]);
    parts.push(tested);
    message = next;
  }
  return joinPredictions(parts, tail.numClasses);
}
