import { randomPermutation, randomStream } from '../core/random.js';
import { numBatches } from '../data/batches.js';
import { LockStep } from './lock_step.js';
import type { Scheme } from './schemes/scheme.js';

/** One client's part in a turn. */
export interface Visit {
  readonly client: number;
  readonly numSteps: number;
  /** First pass over the client's shard, and how many. */
  readonly firstPass: number;
  readonly numPasses: number;
  /** By plan: also where visits of other clients are left out. */
  readonly isLastOfClient: boolean;
}

/** Clients that train side by side: in the ring one, else all of a round. */
export interface Turn {
  readonly round: number;
  /** Batches trained before the turn, and in it. */
  readonly firstStep: number;
  readonly numSteps: number;
  /** By client number. */
  readonly visits: readonly Visit[];
}

export interface ScheduleOptions {
  readonly scheme: Scheme;
  readonly numEpochs: number;
  /** Passes in one visit; divides `numEpochs`. */
  readonly localEpochs: number;
  readonly batchSize: number;
  /** Training rows of each client. */
  readonly shardSizes: readonly number[];
  /** Share of the clients that are drawn for a round; above 0, at most 1. */
  readonly clientFraction: number;
  readonly seed: number;
  /** Training ends after this many batches; 0 for no limit. */
  readonly maxSteps: number;
  /** Visits that are left out, as `client@round`, both from 0. */
  readonly skippedVisits: readonly string[];
}

/** Every turn of a run in order. A turn without a visit is left out. */
export function scheduleOf(options: ScheduleOptions): readonly Turn[] {
  const lastRounds = new Map<number, number>();
  for (const { round, visits } of turnsOf({ ...options, skippedVisits: [] }))
    for (const { client } of visits) lastRounds.set(client, round);
  return turnsOf(options).map((turn) => ({
    ...turn,
    visits: turn.visits.map((visit) => ({
      ...visit,
      isLastOfClient: lastRounds.get(visit.client) === turn.round,
    })),
  }));
}

/** How a visit is written in `skip_visits`. */
export function nameOfVisit(client: number, round: number): string {
  return `${client}@${round}`;
}

/** Clients that are drawn for a round, by number; all where the fraction is 1. */
export function drawnClients(
  numClients: number,
  { clientFraction, seed }: Pick<ScheduleOptions, 'clientFraction' | 'seed'>,
  round: number,
): readonly number[] {
  const numDrawn = numDrawnOf(numClients, clientFraction);
  const stream = randomStream(seed, 'drawn_clients', round);
  return Array.from(randomPermutation(numClients, stream).subarray(0, numDrawn)).sort((a, b) => a - b);
}

/** Number of clients that a fraction draws, rounded. */
export function numDrawnOf(numClients: number, clientFraction: number): number {
  return Math.round(numClients * clientFraction);
}

/** Batches of a whole schedule. */
export function totalSteps(schedule: readonly Turn[]): number {
  const last = schedule[schedule.length - 1];
  return last.firstStep + last.numSteps;
}

/** Training rows of a visit of a client with so many. */
export function rowsOfVisit(visit: Visit, shardSize: number, batchSize: number): number {
  const perPass = numBatches(shardSize, batchSize);
  const wholePasses = Math.floor(visit.numSteps / perPass);
  return wholePasses * shardSize + Math.min(shardSize, (visit.numSteps % perPass) * batchSize);
}

type PlannedTurn = Omit<Turn, 'visits'> & { readonly visits: readonly Omit<Visit, 'isLastOfClient'>[] };

function turnsOf(options: ScheduleOptions): readonly PlannedTurn[] {
  const { scheme, numEpochs, localEpochs, batchSize, shardSizes, maxSteps, skippedVisits } = options;
  const turns: PlannedTurn[] = [];
  let firstStep = 0;
  for (let round = 0; round < numEpochs / localEpochs; round++) {
    const visits = drawnClients(shardSizes.length, options, round)
      .filter((client) => !skippedVisits.includes(nameOfVisit(client, round)))
      .map((client) => ({
        client,
        numSteps: numBatches(shardSizes[client], batchSize) * localEpochs,
        firstPass: round * localEpochs,
        numPasses: localEpochs,
      }));
    const groups = scheme.turns === 'one_by_one' ? visits.map((visit) => [visit]) : [visits];
    for (const group of groups) {
      const budget = maxSteps === 0 ? Infinity : maxSteps - firstStep;
      const cut = cutOff(group, budget, (clients, localStep) =>
        scheme.order(clients, { seed: options.seed, round, localStep }),
      );
      const numSteps = cut.reduce((sum, visit) => sum + visit.numSteps, 0);
      if (numSteps > 0) turns.push({ round, firstStep, numSteps, visits: cut });
      firstStep += numSteps;
    }
  }
  return turns;
}

/** The visits without the batches beyond so many, in the order in which the tail takes them. */
function cutOff<V extends Pick<Visit, 'client' | 'numSteps'>>(
  visits: readonly V[],
  budget: number,
  order: (clients: readonly number[], localStep: number) => readonly number[],
): readonly V[] {
  const numSteps = visits.reduce((sum, visit) => sum + visit.numSteps, 0);
  if (numSteps <= budget) return visits;
  const { localStep, done } = new LockStep(visits, order).placeOf(budget);
  return visits
    .map((visit) => ({
      ...visit,
      numSteps: Math.min(visit.numSteps, localStep + (done.includes(visit.client) ? 1 : 0)),
    }))
    .filter((visit) => visit.numSteps > 0);
}
