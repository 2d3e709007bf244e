import type { ClassificationReport } from '../core/evaluation.js';
import type { ForgettingEvent } from '../core/events.js';
import { addTallies, emptyTally, type Tally } from '../core/tally.js';
import { LockStep } from './lock_step.js';
import { totalSteps, type Turn } from './schedule.js';

/** Where a training stands while every side is at rest: plain data, from which it goes on. */
export interface Progress {
  /** The round that is under way; it is over when the schedule goes on to another one. */
  readonly round: number;
  /** Place in the schedule of the turn that is under way or comes next. */
  readonly turn: number;
  /** Batches of that turn that are done. */
  readonly stepsInTurn: number;
  /** Clients that have a head, by number; none before the first turn. */
  readonly holders: readonly number[];
  /** The one of them that has the newest head, where it is everybody's. */
  readonly holder: number | null;
  /** One a visit of the turn that is under way; none between two turns. */
  readonly inTurn: readonly Tally[];
  readonly inRound: Tally;
  readonly inAll: Tally;
  /** The last full test, where nothing was trained since. */
  readonly newest: ClassificationReport | null;
  /** By client: its last test of its own, where there was one. */
  readonly reports: readonly (ClassificationReport | null)[];
  /** Tests for the forgetting matrix so far. */
  readonly forgetting: readonly ForgettingEvent[];
}

/** Where a training begins: nobody has a head. */
export function startOf(schedule: readonly Turn[], numClients: number): Progress {
  return {
    round: schedule[0].round,
    turn: 0,
    stepsInTurn: 0,
    holders: [],
    holder: null,
    inTurn: [],
    inRound: emptyTally,
    inAll: emptyTally,
    newest: null,
    reports: Array.from({ length: numClients }, () => null),
    forgetting: [],
  };
}

/** At the beginning of a turn. */
export function turnBegun(progress: Progress, { visits }: Turn): Progress {
  return { ...progress, inTurn: visits.map(() => emptyTally) };
}

/** After a batch of the visit with this place in the turn. */
export function stepDone(progress: Progress, visit: number, tally: Tally): Progress {
  const { stepsInTurn, inTurn } = progress;
  return {
    ...progress,
    stepsInTurn: stepsInTurn + 1,
    inTurn: inTurn.with(visit, addTallies(inTurn[visit], tally)),
  };
}

/** After the last batch of a turn. */
export function turnDone(progress: Progress): Progress {
  const { turn, inTurn, inRound, inAll } = progress;
  const trained = inTurn.reduce(addTallies, emptyTally);
  return {
    ...progress,
    turn: turn + 1,
    stepsInTurn: 0,
    inTurn: [],
    inRound: addTallies(inRound, trained),
    inAll: addTallies(inAll, trained),
    newest: null,
  };
}

/** Batches that are done. */
export function stepsDone(schedule: readonly Turn[], { turn, stepsInTurn }: Progress): number {
  return (turn < schedule.length ? schedule[turn].firstStep : totalSteps(schedule)) + stepsInTurn;
}

/** Rows that are trained. */
export function rowsDone({ inAll, inTurn }: Progress): number {
  return inTurn.reduce((sum, { rows }) => sum + rows, inAll.rows);
}

/** Of data from a file: the right fields, with numbers where numbers belong. */
export function isProgress(value: unknown): value is Progress {
  if (typeof value !== 'object' || value === null) return false;
  const { round, turn, stepsInTurn, holders, holder, ...rest } = value as Record<keyof Progress, unknown>;
  return (
    [round, turn, stepsInTurn].every(isCount) &&
    isListOf(holders, isCount) &&
    (holder === null || isCount(holder)) &&
    isListOf(rest.inTurn, isTally) &&
    [rest.inRound, rest.inAll].every(isTally) &&
    isReportOrNull(rest.newest) &&
    isListOf(rest.reports, isReportOrNull) &&
    isListOf(rest.forgetting, isForgettingEvent)
  );
}

/** It can have been reached on this schedule, with so many clients. */
export function fitsSchedule(progress: Progress, schedule: readonly Turn[], numClients: number): boolean {
  const { turn, stepsInTurn, holders, holder, reports, inTurn } = progress;
  const visits = turn < schedule.length ? schedule[turn].visits : [];
  const lockStep = new LockStep(visits);
  // Rests are between local steps, or at the end.
  const { localStep } = lockStep.placeOf(stepsInTurn);
  return (
    turn <= schedule.length &&
    lockStep.startOf(localStep) === stepsInTurn &&
    inTurn.length === (stepsInTurn === 0 ? 0 : visits.length) &&
    holders.every((client) => client < numClients) &&
    (holder === null || holders.includes(holder)) &&
    reports.length === numClients &&
    (stepsInTurn === 0 || visits.every(({ client }) => holders.includes(client)))
  );
}

function isListOf(value: unknown, isEntry: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isEntry);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isTally(value: unknown): boolean {
  return hasNumbers(value, ['rows', 'lossSum', 'numCorrect']);
}

function isReportOrNull(value: unknown): boolean {
  return value === null || hasNumbers(value, ['loss', 'accuracy', 'weighted_f1']);
}

function isForgettingEvent(value: unknown): boolean {
  if (!hasNumbers(value, ['round', 'client', 'steps'])) return false;
  const { class_accuracy } = value as Record<string, unknown>;
  return isListOf(class_accuracy, (each) => each === null || typeof each === 'number');
}

function hasNumbers(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'number');
}
