import { NumericError, ProtocolError } from '../../core/errors.js';
import type { ClassificationReport } from '../../core/evaluation.js';
import { isBatchTally, type Tally } from '../../core/tally.js';
import type { Link } from '../../link/link.js';
import type { ActivationsMessage, Position, TestSet } from '../../link/messages.js';
import type { Tail, TrainedTail } from '../tail.js';

/** The batch that is due, and the client's next one; null after the last of its visit. */
export interface DueBatch extends Position {
  readonly nextStep: number | null;
}

/** A batch whose loss is known, while both sides still work on. */
export interface TrainedBatch {
  readonly tally: Tally;
  /** The client has trained, and its next batch has come up. */
  readonly next: Promise<ActivationsMessage | null>;
  /** The tail has trained. */
  readonly tailDone: Promise<void>;
}

/** Which rows are tested: all test rows, or the sample for the forgetting matrix. */
export interface TestRows {
  readonly set: TestSet;
  readonly numRows: number;
}

/** How client and server train a batch and test together: what crosses the link, and which side knows the labels. */
export interface Protocol {
  /** `message` is what the client sent for this batch; null where it trains alone. */
  train(
    link: Link,
    tail: TrainedTail | null,
    message: ActivationsMessage | null,
    due: DueBatch,
  ): Promise<TrainedBatch>;
  /** Tests this client's head with the tail, on rows that the client has; changes nothing. */
  test(link: Link, tail: Tail | null, rows: TestRows, position: Position): Promise<ClassificationReport>;
}

/** Test rows in one message: fixed, so that results do not depend on the training's batch size. */
const ROWS_PER_MESSAGE = 250;

/**
 * Goes through test rows message by message, one always ahead: `ask` sends for some rows, `take` works on what came. Both are
 * waited for together, so that a client that dies while the server works is heard of.
 */
export async function forTestRows<T>(
  { set, numRows: numTestRows }: TestRows,
  ask: (rows: { set: TestSet; firstRow: number; numRows: number }) => Promise<T>,
  take: (answer: T, rows: { set: TestSet; firstRow: number; numRows: number }) => Promise<void>,
): Promise<void> {
  const rowsFrom = (firstRow: number) => ({
    set,
    firstRow,
    numRows: Math.min(ROWS_PER_MESSAGE, numTestRows - firstRow),
  });
  let answer = await ask(rowsFrom(0));
  for (let firstRow = 0; ;) {
    const next = firstRow + ROWS_PER_MESSAGE;
    if (next >= numTestRows) {
      await take(answer, rowsFrom(firstRow));
      return;
    }
    [answer] = await Promise.all([ask(rowsFrom(next)), take(answer, rowsFrom(firstRow))]);
    firstRow = next;
  }
}

/** The message that a client must have sent for a batch. Throws ProtocolError. */
export function dueMessage(
  message: ActivationsMessage | null,
  client: number,
  { step }: Position,
): ActivationsMessage {
  if (message !== null) return message;
  throw new ProtocolError(
    'ERR_NOT_DUE',
    `Client ${client} sent no batch for step ${step}, though its visit is not over.`,
    { client, step },
  );
}

/** The finished numbers of a batch that a client tells. Throws ProtocolError where they cannot be, NumericError of a loss that is not finite. */
export function toldTally(tally: Tally, client: number, { step }: Position): Tally {
  if (!isBatchTally(tally)) {
    throw new ProtocolError(
      'ERR_TALLY',
      `Client ${client} told numbers for step ${step} that cannot be: rows, the sum of their losses, and right answers were expected.`,
      { client, step },
    );
  }
  if (Number.isFinite(tally.lossSum)) return tally;
  throw new NumericError(
    'ERR_NOT_FINITE',
    `Client ${client}, step ${step}: the loss that it tells is not finite. Lower the learning rates.`,
    { client, step },
  );
}

/** What this protocol cannot do without. */
export function required<T>(value: T | null, what: string): T {
  if (value === null) throw new Error(`There is no ${what}.`);
  return value;
}
