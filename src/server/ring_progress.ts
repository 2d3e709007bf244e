import type { ClassificationReport } from '../core/evaluation.js';
import type { ForgettingEvent } from '../core/events.js';
import { addTallies, emptyTally, type Tally } from '../metrics/classification.js';
import type { Visit } from './ring_schedule.js';

/** Where a training stands while every side is at rest: plain data, from which it goes on. */
export interface RingProgress {
  /** The round that is under way; it is over when the schedule goes on to another one. */
  readonly round: number;
  /** Place in the schedule of the visit that is under way or comes next. */
  readonly visit: number;
  /** Batches of that visit that are done. */
  readonly stepsInVisit: number;
  /** Who has the head. */
  readonly holder: number;
  readonly inVisit: Tally;
  readonly inRound: Tally;
  readonly inAll: Tally;
  /** The last full test, where nothing was trained since. */
  readonly newest: ClassificationReport | null;
  /** By client: the test at the end of its last visit, where there was one. */
  readonly reports: readonly (ClassificationReport | null)[];
  /** Tests for the forgetting matrix so far. */
  readonly forgetting: readonly ForgettingEvent[];
}

/** Where a training begins: the first client of the schedule has the head. */
export function startOfRing(schedule: readonly Visit[], numClients: number): RingProgress {
  return {
    round: schedule[0].round,
    visit: 0,
    stepsInVisit: 0,
    holder: schedule[0].client,
    inVisit: emptyTally,
    inRound: emptyTally,
    inAll: emptyTally,
    newest: null,
    reports: Array.from({ length: numClients }, () => null),
    forgetting: [],
  };
}

/** After the last batch of a visit. */
export function visitDone(progress: RingProgress): RingProgress {
  const { visit, inVisit, inRound, inAll } = progress;
  return {
    ...progress,
    visit: visit + 1,
    stepsInVisit: 0,
    inVisit: emptyTally,
    inRound: addTallies(inRound, inVisit),
    inAll: addTallies(inAll, inVisit),
    newest: null,
  };
}

/** Batches that are done. */
export function stepsDone(schedule: readonly Visit[], { visit, stepsInVisit }: RingProgress): number {
  const last = schedule[schedule.length - 1];
  const firstStep = visit < schedule.length ? schedule[visit].firstStep : last.firstStep + last.numSteps;
  return firstStep + stepsInVisit;
}

/** Of data from a file: the right fields, with numbers where numbers belong. */
export function isRingProgress(value: unknown): value is RingProgress {
  if (typeof value !== 'object' || value === null) return false;
  const { round, visit, stepsInVisit, holder, ...rest } = value as Record<keyof RingProgress, unknown>;
  return (
    [round, visit, stepsInVisit, holder].every((each) => Number.isSafeInteger(each) && Number(each) >= 0) &&
    [rest.inVisit, rest.inRound, rest.inAll].every(isTally) &&
    isReportOrNull(rest.newest) &&
    isListOf(rest.reports, isReportOrNull) &&
    isListOf(rest.forgetting, isForgettingEvent)
  );
}

/** It can have been reached on this schedule, with so many clients. */
export function fitsSchedule(
  progress: RingProgress,
  schedule: readonly Visit[],
  numClients: number,
): boolean {
  const { visit, stepsInVisit, holder, reports } = progress;
  const numSteps = visit < schedule.length ? schedule[visit].numSteps : 0;
  return (
    visit <= schedule.length &&
    stepsInVisit <= numSteps &&
    holder < numClients &&
    reports.length === numClients &&
    (stepsInVisit === 0 || schedule[visit].client === holder)
  );
}

function isListOf(value: unknown, isEntry: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isEntry);
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
