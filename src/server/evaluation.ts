import type { Link } from '../link/link.js';
import type { ActivationsMessage, Position } from '../link/messages.js';
import { addTallies, emptyTally, type Tally } from '../metrics/classification.js';
import type { Tail } from './tail.js';

/** Test rows in one message: fixed, so that results do not depend on the training's batch size. */
const ROWS_PER_MESSAGE = 250;

/** Tests the head that this client holds with the tail, on the client's test rows; one message is always ahead. */
export async function evaluate(
  link: Link,
  tail: Tail,
  numTestRows: number,
  position: Position,
): Promise<Tally> {
  const ask = (firstRow: number) => {
    const numRows = Math.min(ROWS_PER_MESSAGE, numTestRows - firstRow);
    return numRows > 0 ? link.testActivations({ ...position, firstRow, numRows }) : undefined;
  };
  let total = emptyTally;
  let message = await ask(0);
  for (let firstRow = 0; message; firstRow += ROWS_PER_MESSAGE) {
    // Waited for together: a client that dies while the tail works is heard of.
    const ahead = ask(firstRow + ROWS_PER_MESSAGE);
    const [tested, next]: [Tally, ActivationsMessage | undefined] = await Promise.all([
      tail.test(message, position, link.client),
      ahead,
    ]);
    total = addTallies(total, tested);
    message = next;
  }
  return total;
}
