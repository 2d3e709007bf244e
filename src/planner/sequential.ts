import type { FramePlan } from './frames.js';
import type { TrafficOptions } from './predict_traffic.js';
import { TrafficTally, type ClientTraffic } from './traffic.js';

interface Visit {
  readonly round: number;
  readonly client: number;
  readonly numSteps: number;
}

/**
 * The ring: a visit is one request for its first batch and one for each of its gradients. The head goes on to another client
 * before each visit but the first. The newest head is tested after each client's last visit, and at the end of every round
 * unless it just was.
 */
export function predictSequential(options: TrafficOptions): readonly ClientTraffic[] {
  const { shardSizes, batchSize, frames, numTestRows, forgetting, skippedVisits } = options;
  const tally = new TrafficTally(shardSizes.length);
  const visits = visitsOf(options, skippedVisits);
  const lastRounds = new Map(visitsOf(options, []).map(({ client, round }) => [client, round]));
  let holder = visits.at(0)?.client;
  for (const [index, { round, client, numSteps }] of visits.entries()) {
    if (holder !== undefined && holder !== client) {
      tally.add(holder, 'hand_over', { frames: 1, bytes: frames.handOverBytes });
      tally.addRoundTrips(holder, 1);
    }
    holder = client;
    addBatches(tally, client, frames, numSteps, shardSizes[client], batchSize);
    const isEndOfRound = visits.at(index + 1)?.round !== round;
    const { when } = forgetting;
    if (when === 'every_visit' || (when === 'every_round' && isEndOfRound))
      addTest(tally, client, frames, forgetting.numRows);
    if (lastRounds.get(client) === round || isEndOfRound) addTest(tally, client, frames, numTestRows);
  }
  return tally.clients;
}

/** Every visit in order, until so many batches are trained. */
function visitsOf(options: TrafficOptions, skippedVisits: readonly string[]): readonly Visit[] {
  const { shardSizes, batchSize, numEpochs, localEpochs, maxSteps } = options;
  const visits: Visit[] = [];
  let stepsLeft = maxSteps === 0 ? Infinity : maxSteps;
  for (let round = 0; round < numEpochs / localEpochs; round++) {
    for (const [client, shardSize] of shardSizes.entries()) {
      if (skippedVisits.includes(`${client}@${round}`)) continue;
      const numSteps = Math.min(localEpochs * Math.ceil(shardSize / batchSize), stepsLeft);
      if (numSteps === 0) return visits;
      visits.push({ round, client, numSteps });
      stepsLeft -= numSteps;
    }
  }
  return visits;
}

/** Batches of passes over a shard; the last one of each pass may be smaller. */
function addBatches(
  tally: TrafficTally,
  client: number,
  frames: FramePlan,
  numSteps: number,
  shardSize: number,
  batchSize: number,
): void {
  const perPass = Math.ceil(shardSize / batchSize);
  for (let step = 0; step < numSteps; step++) {
    const isLastOfPass = step % perPass === perPass - 1;
    tally.addRows(client, frames.batch, isLastOfPass ? shardSize - (perPass - 1) * batchSize : batchSize);
  }
  tally.addRoundTrips(client, 1 + numSteps * frames.roundTripsPerBatch);
}

/** Test rows go in messages of a fixed size. */
const ROWS_PER_TEST_MESSAGE = 250;

function addTest(tally: TrafficTally, client: number, frames: FramePlan, numRows: number): void {
  for (let firstRow = 0; firstRow < numRows; firstRow += ROWS_PER_TEST_MESSAGE) {
    tally.addRows(client, frames.test, Math.min(ROWS_PER_TEST_MESSAGE, numRows - firstRow));
    tally.addRoundTrips(client, 1);
  }
}
