import type { Progress } from './progress.js';
import type { Turn } from './schedule.js';

/** What decides who tests. */
interface Tests {
  readonly schedule: readonly Turn[];
  /** Every client has test rows of its own. */
  readonly hasOwnTests: boolean;
}

/**
 * Clients that test, by number: all with a head of their own; of one head its holder, but where test rows are of each client its own,
 * those of `testersAfter`.
 */
export function testersOf(
  { schedule, hasOwnTests }: Tests,
  { turn, holder, holders }: Progress,
): readonly number[] {
  if (holder === null) return holders;
  return hasOwnTests ? testersAfter(schedule, turn) : [holder];
}

/**
 * Clients to which one head goes to be tested after so many turns, by number: those that took part in the round; at the end of the run all
 * whose last visit took place. A client that is gone, and whose visits are left out, is not asked.
 */
export function testersAfter(schedule: readonly Turn[], numTurns: number): readonly number[] {
  const { round } = schedule[numTurns - 1];
  const isOver = numTurns === schedule.length;
  const clients = schedule
    .slice(0, numTurns)
    .flatMap((turn) =>
      turn.visits.filter((visit) => turn.round === round || (isOver && visit.isLastOfClient)),
    )
    .map(({ client }) => client);
  return [...new Set(clients)].sort((a, b) => a - b);
}
