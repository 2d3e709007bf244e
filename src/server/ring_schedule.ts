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
  readonly isLastOfRound: boolean;
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
}

/** Every visit of a run in order: in each round the clients one after the other, by number. */
export function ringSchedule(options: RingOptions): readonly Visit[] {
  const { numEpochs, localEpochs, batchSize, shardSizes, maxSteps } = options;
  const visits: Omit<Visit, 'isLastOfRound' | 'isLastOfClient'>[] = [];
  let firstStep = 0;
  for (let round = 0; round < numEpochs / localEpochs; round++) {
    for (const [client, shardSize] of shardSizes.entries()) {
      const wanted = numBatches(shardSize, batchSize) * localEpochs;
      const numSteps = maxSteps === 0 ? wanted : Math.min(wanted, maxSteps - firstStep);
      if (numSteps === 0) return marked(visits);
      const firstPass = round * localEpochs;
      visits.push({ round, client, firstStep, numSteps, firstPass, numPasses: localEpochs });
      firstStep += numSteps;
    }
  }
  return marked(visits);
}

/** Tells which visits are the last of their round and of their client. */
function marked(visits: readonly Omit<Visit, 'isLastOfRound' | 'isLastOfClient'>[]): readonly Visit[] {
  const lastVisits = new Map(visits.map(({ client }, index) => [client, index]));
  return visits.map((visit, index) => ({
    ...visit,
    isLastOfRound: visits[index + 1]?.round !== visit.round,
    isLastOfClient: lastVisits.get(visit.client) === index,
  }));
}
