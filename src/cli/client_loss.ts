import { BloomError, ClientLostError, messageOf, ProtocolError, ShapeError } from '../core/errors.js';
import type { Progress } from '../server/progress.js';
import { nameOfVisit, type Turn } from '../server/schedule.js';

/** Its thread ended, did not answer, threw, or sent what cannot be. */
export function isClientLoss(error: unknown): boolean {
  return error instanceof ClientLostError || error instanceof ProtocolError || error instanceof ShapeError;
}

export interface FailedVisit {
  readonly name: string;
  /** Its place in the schedule. */
  readonly turn: number;
  /** It is of an earlier round than the one that ended last: there is no checkpoint from before it. */
  readonly isLongOver: boolean;
}

/** The visit that failed: the newest one, up to what was under way, of the client that is to blame. */
export function failedVisit(
  schedule: readonly Turn[],
  progress: Pick<Progress, 'round' | 'turn'>,
  error: unknown,
): FailedVisit {
  const { client, to } = error instanceof BloomError ? error.details : {};
  const current = turnUnderWay(schedule, progress);
  const blamed = Number(to ?? client ?? schedule[current].visits[0].client);
  const takesPart = ({ visits }: Turn) => visits.some((visit) => visit.client === blamed);
  const found = schedule.findLastIndex((each, index) => index <= current && takesPart(each));
  const failed = found < 0 ? current : found;
  const culprit = found < 0 ? schedule[current].visits[0].client : blamed;
  const { round } = schedule[failed];
  return {
    name: nameOfVisit(culprit, round),
    turn: failed,
    isLongOver: round < schedule[Math.max(0, progress.turn - 1)].round,
  };
}

/** The one before, while the round is tested that it ended. */
function turnUnderWay(schedule: readonly Turn[], { round, turn }: Pick<Progress, 'round' | 'turn'>): number {
  const isTested = turn > 0 && schedule.at(turn)?.round !== round;
  return isTested ? turn - 1 : turn;
}

export function longOver(error: unknown, visit: string): BloomError {
  return new ClientLostError(
    'ERR_CLIENT_GONE',
    `${messageOf(error)} Its last visit, ${visit}, is of an earlier round, and is not left out after all that came of it: resume the ` +
      'run when the client is back.',
    error instanceof BloomError ? error.details : {},
    { cause: error },
  );
}

export function tooManyLosses(error: unknown, numLosses: number): BloomError {
  return new ClientLostError(
    'ERR_TOO_MANY_LOSSES',
    `${messageOf(error)} It was loss number ${numLosses} of this run, more than \`max_retries\` allows.`,
    {},
    { cause: error },
  );
}
