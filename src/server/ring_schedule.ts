import { numBatches } from '../data/batches.js';

/** The ring's stay at one client. */
export interface Visit {
  readonly round: number;
  readonly client: number;
  /** Batches trained before the visit. */
  readonly firstStep: number;
  readonly numSteps: number;
  /** First pass over the client's shard, and how many. */
  readonly firstPass: number;
  readonly numPasses: number;
  /** By plan: also where visits of other clients are left out. */
  readonly isLastOfClient: boolean;
}

export interface RingOptions {
  readonly numEpochs: number;
  /** Passes in one visit; divides `numEpochs`. */
  readonly localEpochs: number;
  readonly batchSize: number;
  /** Training rows of each client. */
  readonly shardSizes: readonly number[];
  /** Training ends after this many batches; 0 for no limit. */
  readonly maxSteps: number;
  /** Visits that are left out, as `client@round`, both from 0. */
  readonly skippedVisits: readonly string[];
}

/** Every visit of a run in order: in each round the clients one after the other, by number. */
export function ringSchedule(options: RingOptions): readonly Visit[] {
  const planned = visitsOf({ ...options, skippedVisits: [] });
  const lastRounds = new Map(planned.map(({ client, round }) => [client, round]));
  return visitsOf(options).map((visit) => ({
    ...visit,
    isLastOfClient: lastRounds.get(visit.client) === visit.round,
  }));
}

/** How a visit is written in `skip_visits`. */
export function nameOfVisit({ client, round }: Pick<Visit, 'client' | 'round'>): string {
  return `${client}@${round}`;
}

function visitsOf(options: RingOptions): readonly Omit<Visit, 'isLastOfClient'>[] {
  const { numEpochs, localEpochs, batchSize, shardSizes, maxSteps, skippedVisits } = options;
  const visits: Omit<Visit, 'isLastOfClient'>[] = [];
  let firstStep = 0;
  for (let round = 0; round < numEpochs / localEpochs; round++) {
    for (const [client, shardSize] of shardSizes.entries()) {
      if (skippedVisits.includes(nameOfVisit({ client, round }))) continue;
      const wanted = numBatches(shardSize, batchSize) * localEpochs;
      const numSteps = maxSteps === 0 ? wanted : Math.min(wanted, maxSteps - firstStep);
      if (numSteps === 0) return visits;
      const firstPass = round * localEpochs;
      visits.push({ round, client, firstStep, numSteps, firstPass, numPasses: localEpochs });
      firstStep += numSteps;
    }
  }
  return visits;
}
