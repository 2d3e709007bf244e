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
  /** Test rows of each client: the same for all, or its own. */
  readonly testSizes: readonly number[];
  /** They are its own: one head goes round at the end of a round, and is tested by all who took part. */
  readonly hasOwnTests: boolean;
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
  const { turns, heads, shardSizes, batchSize, frames, testSizes, hasOwnTests, forgetting } = options;
  const tally = new TrafficTally(shardSizes.length);
  /** Those that a test asks: all with a head of their own, or with the newest one, which the last of them hands on. */
  let holders: readonly number[] = [];
  const handRound = (clients: readonly number[]) => {
    if (heads === 'own' || holders.length === 0) return;
    const path = [...holders.slice(-1), ...clients.filter((client) => !holders.includes(client))];
    for (const sender of path.slice(0, -1)) tally.addHandOver(sender, frames.handOverBytes);
    holders = [...holders, ...path.slice(1)];
  };
  for (const [index, { round, visits }] of turns.entries()) {
    const clients = visits.map(({ client }) => client);
    handRound(clients);
    for (const { client, numSteps } of visits) {
      tally.addVisit(client);
      addBatches(tally, client, frames.batch, { numSteps, shardSize: shardSizes[client], batchSize });
    }
    if (heads === 'averaged')
      for (const sender of clients.slice(0, -1)) tally.addHandOver(sender, frames.sumBytes);
    holders = heads === 'own' ? [...new Set([...holders, ...clients])] : clients.slice(-1);
    const addTest = (numRows: (client: number) => number) => {
      for (const client of holders) addRequests(tally, client, frames.test, numRows(client));
    };
    const isEndOfRound = turns.at(index + 1)?.round !== round;
    const { when } = forgetting;
    if (when === 'every_visit' || (when === 'every_round' && isEndOfRound)) addTest(() => forgetting.numRows);
    if (hasOwnTests && isEndOfRound)
      handRound(ownTesters(turns.slice(0, index + 1), index + 1 === turns.length));
    const isEndOfClient = heads === 'handed_over' && visits.some(({ isLastOfClient }) => isLastOfClient);
    if (isEndOfRound || (isEndOfClient && !hasOwnTests)) addTest((client) => testSizes[client]);
  }
  return tally.clients;
}

/** Who tests rows of its own after these turns: all of the last round; at the end of the run also whose last visit is over. */
function ownTesters(turns: readonly PlannedTurn[], isOver: boolean): readonly number[] {
  const round = turns.at(-1)?.round;
  const visits = turns.flatMap((turn) =>
    turn.visits.filter(({ isLastOfClient }) => turn.round === round || (isOver && isLastOfClient)),
  );
  return [...new Set(visits.map(({ client }) => client))].sort((a, b) => a - b);
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
