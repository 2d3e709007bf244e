import type { FramePart, FramePlan, HeadSharing } from './frames.js';
import { TrafficTally, type ClientTraffic } from './traffic.js';

/** One client's part in a turn: so many batches. */
export interface PlannedVisit {
  readonly client: number;
  readonly numSteps: number;
  /** Its last one by plan. */
  readonly isLastOfClient: boolean;
}

/** Clients that train before heads move on: one of the ring, or all of a round. */
export interface PlannedTurn {
  readonly round: number;
  readonly visits: readonly PlannedVisit[];
}

/** What decides how much a training sends. */
export interface TrafficOptions {
  readonly turns: readonly PlannedTurn[];
  readonly heads: HeadSharing['heads'];
  /** Training rows of each client. */
  readonly shardSizes: readonly number[];
  readonly batchSize: number;
  readonly frames: FramePlan;
  readonly numTestRows: number;
  readonly forgetting: {
    readonly when: 'every_visit' | 'every_round' | 'off';
    readonly numRows: number;
  };
}

/**
 * Frames, bytes and round trips of a whole run that nothing interrupts, by client: training, hand-overs and tests. Nothing is
 * known of repeats, of control messages without buffers, and of what a network adds.
 */
export function predictTraffic(options: TrafficOptions): readonly ClientTraffic[] {
  const { turns, heads, shardSizes, batchSize, frames, numTestRows, forgetting } = options;
  const tally = new TrafficTally(shardSizes.length);
  /** Those that a test asks: the one with the newest head, or all with a head of their own. */
  let holders: readonly number[] = [];
  for (const [index, { round, visits }] of turns.entries()) {
    const clients = visits.map(({ client }) => client);
    for (const sender of headSenders(heads, holders, clients))
      tally.addHandOver(sender, frames.handOverBytes);
    for (const { client, numSteps } of visits) {
      tally.addVisit(client);
      addBatches(tally, client, frames.batch, { numSteps, shardSize: shardSizes[client], batchSize });
    }
    if (heads === 'averaged')
      for (const sender of clients.slice(0, -1)) tally.addHandOver(sender, frames.sumBytes);
    holders = heads === 'own' ? [...new Set([...holders, ...clients])] : clients.slice(-1);
    const addTest = (numRows: number) => {
      for (const client of holders) addRequests(tally, client, frames.test, numRows);
    };
    const isEndOfRound = turns.at(index + 1)?.round !== round;
    const { when } = forgetting;
    if (when === 'every_visit' || (when === 'every_round' && isEndOfRound)) addTest(forgetting.numRows);
    const isEndOfClient = heads === 'handed_over' && visits.some(({ isLastOfClient }) => isLastOfClient);
    if (isEndOfClient || isEndOfRound) addTest(numTestRows);
  }
  return tally.clients;
}

/** Who sends the head on before a turn: it goes from its holder, if any, once round the clients. */
function headSenders(
  heads: HeadSharing['heads'],
  holders: readonly number[],
  clients: readonly number[],
): readonly number[] {
  if (heads === 'own' || holders.length === 0) return [];
  const [holder] = holders;
  return [holder, ...clients.filter((client) => client !== holder)].slice(0, -1);
}

/** Batches of passes over a shard; the last one of each pass may be smaller. */
function addBatches(
  tally: TrafficTally,
  client: number,
  parts: readonly FramePart[],
  visit: { readonly numSteps: number; readonly shardSize: number; readonly batchSize: number },
): void {
  const { numSteps, shardSize, batchSize } = visit;
  const perPass = Math.ceil(shardSize / batchSize);
  for (let step = 0; step < numSteps; step++) {
    const isLastOfPass = step % perPass === perPass - 1;
    tally.addRows(client, parts, isLastOfPass ? shardSize - (perPass - 1) * batchSize : batchSize);
  }
  // A frame of the server is a request, whose answer brings the next frame of the client.
  tally.addRoundTrips(client, numSteps * parts.filter(({ flow }) => flow.endsWith('_down')).length);
}

/** Test rows go in messages of a fixed size. */
const ROWS_PER_TEST_MESSAGE = 250;

function addRequests(
  tally: TrafficTally,
  client: number,
  parts: readonly FramePart[],
  numRows: number,
): void {
  for (let firstRow = 0; firstRow < numRows; firstRow += ROWS_PER_TEST_MESSAGE) {
    tally.addRows(client, parts, Math.min(ROWS_PER_TEST_MESSAGE, numRows - firstRow));
    tally.addRoundTrips(client, parts.length);
  }
}
