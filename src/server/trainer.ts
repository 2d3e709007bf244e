import type { ClassificationReport } from '../core/evaluation.js';
import type { ClientScore, ForgettingEvent, TrainEvent, TrainResult } from '../core/events.js';
import { emptyTally } from '../core/tally.js';
import type { OptimizerMean } from '../engine/mean_state.js';
import type { Link } from '../link/link.js';
import type { Handoff } from '../link/messages.js';
import { scoreOf } from '../metrics/classification.js';
import { classAccuracyOf } from '../metrics/forgetting.js';
import { meanReport, pooledReport } from '../metrics/mean_report.js';
import { startOf, stepsDone, turnBegun, turnDone, type Progress } from './progress.js';
import type { Protocol, TestRows } from './protocols/protocol.js';
import { totalSteps, type Turn } from './schedule.js';
import type { Scheme } from './schemes/scheme.js';
import { sharings } from './sharing/registry.js';
import type { Tails } from './tails/tails.js';
import { testersOf } from './testers.js';
import { trainTurn } from './turn.js';

/** What a training is made of. */
export interface TrainerParts {
  readonly scheme: Scheme;
  readonly protocol: Protocol;
  /** By client number. */
  readonly links: readonly Link[];
  readonly tails: Tails;
  readonly schedule: readonly Turn[];
  readonly seed: number;
  /** Of heads that are handed over. */
  readonly handoff: Handoff;
  /** Of heads and tails that are averaged. */
  readonly splitfedOptimizer: OptimizerMean;
  readonly generation: number;
  readonly shardSizes: readonly number[];
  /** Test rows of each client: the same for all, or its own. */
  readonly testSizes: readonly number[];
  /** They are its own: the newest head goes round to be tested on all. */
  readonly hasOwnTests: boolean;
  readonly forgetting: ForgettingTests;
  readonly pause: Pause;
}

/** When training is to stand still, after what led there was told: the time for a checkpoint. */
export interface Pause {
  /** Told where the tests of a round are done. */
  reached(progress: Progress): void;
  isDue(progress: Progress): boolean;
  /** Awaited while every side is at rest. */
  take(progress: Progress): Promise<void>;
}

/** When the newest head and tail are tested on the sample for the forgetting matrix, and its number of rows. */
export interface ForgettingTests {
  readonly when: 'every_visit' | 'every_round' | 'off';
  readonly numRows: number;
}

/** Of a training that takes no checkpoint. */
export const neverPause: Pause = {
  reached: () => undefined,
  isDue: () => false,
  take: () => Promise.resolve(),
};

export const noForgettingTests: ForgettingTests = { when: 'off', numRows: 0 };

/**
 * Split learning by a scheme, turn by turn. Goes on from `start`, where clients and server must have the states that belong to it.
 * Yields facts; prints and writes nothing.
 */
export async function* train(
  parts: TrainerParts,
  start = startOf(parts.schedule, parts.links.length),
): AsyncGenerator<TrainEvent, TrainResult> {
  const { scheme, schedule, forgetting, tails, pause, shardSizes, hasOwnTests } = parts;
  const sharing = sharings[scheme.heads];
  let progress = start;
  for (const turn of schedule.slice(start.turn)) {
    if (turn.round !== progress.round) {
      progress = yield* endRound(parts, progress, turn.round);
      pause.reached(progress);
    }
    const clients = turn.visits.map(({ client }) => client);
    if (progress.stepsInTurn === 0) {
      progress = yield* sharing.beginTurn(parts, turn, turnBegun(progress, turn));
      await tails.beginTurn(clients);
    }
    progress = yield* trainTurn(parts, turn, progress);
    progress = yield* sharing.endTurn(parts, turn, progress);
    await tails.endTurn(
      clients,
      clients.map((client) => shardSizes[client]),
    );
    progress = turnDone(progress);
    if (forgetting.when === 'every_visit') progress = yield* testForgetting(parts, progress);
    if (scheme.heads === 'handed_over' && !hasOwnTests && turn.visits[0].isLastOfClient) {
      progress = yield* testNewest(parts, progress);
      progress = { ...progress, reports: progress.reports.with(clients[0], progress.newest) };
    }
    if (pause.isDue(progress)) await pause.take(progress);
  }
  progress = yield* endRound(parts, progress, progress.round + 1);
  return resultOf(parts, progress);
}

/** The tests at the end of a round. */
async function* endRound(
  parts: TrainerParts,
  start: Progress,
  nextRound: number,
): AsyncGenerator<TrainEvent, Progress> {
  let progress = start;
  if (parts.forgetting.when === 'every_round') progress = yield* testForgetting(parts, progress);
  if (!progress.newest) progress = yield* testNewest(parts, progress);
  const { round, inRound, newest } = progress;
  if (!newest) throw new Error(`Round ${round} ended without a test.`);
  const { loss, accuracy, weighted_f1 } = newest;
  const test = { loss, accuracy, weighted_f1 };
  const steps = stepsDone(parts.schedule, progress);
  yield { type: 'round', round, steps, rows: inRound.rows, train: scoreOf(inRound), test };
  return { ...progress, round: nextRound, inRound: emptyTally };
}

/** Tests the newest head and tail on all test rows; where every client has heads or rows of its own, all of them. */
async function* testNewest(parts: TrainerParts, start: Progress): AsyncGenerator<TrainEvent, Progress> {
  const { scheme, testSizes, schedule, hasOwnTests } = parts;
  const steps = stepsDone(schedule, start);
  const { round, holder } = start;
  const clients = testersOf(parts, start);
  const progress = hasOwnTests ? yield* sharings[scheme.heads].beginTest(parts, start, clients) : start;
  const tested: ClassificationReport[] = [];
  let { reports } = start;
  for (const client of clients) {
    const rows = testSizes[client];
    const report = await testHead(parts, progress, client, { set: 'test', numRows: rows });
    const { loss, accuracy, weighted_f1 } = report;
    yield { type: 'evaluation', round, client, steps, rows, loss, accuracy, weighted_f1 };
    tested.push(report);
    if (hasOwnTests || holder === null) reports = reports.with(client, report);
  }
  const newest = hasOwnTests ? pooledReport(tested) : meanReport(tested);
  return { ...progress, newest, reports };
}

async function* testForgetting(
  parts: TrainerParts,
  progress: Progress,
): AsyncGenerator<TrainEvent, Progress> {
  const { round, holder: client } = progress;
  if (client === null)
    throw new Error('Forgetting is measured of one head, and here every client has its own.');
  const rows = { set: 'forgetting', numRows: parts.forgetting.numRows } as const;
  const class_accuracy = classAccuracyOf(await testHead(parts, progress, client, rows));
  const steps = stepsDone(parts.schedule, progress);
  const event: ForgettingEvent = { type: 'forgetting', round, client, steps, class_accuracy };
  yield event;
  return { ...progress, forgetting: [...progress.forgetting, event] };
}

function testHead(
  { links, tails, protocol, generation, schedule }: TrainerParts,
  progress: Progress,
  client: number,
  rows: TestRows,
): Promise<ClassificationReport> {
  const position = { generation, step: stepsDone(schedule, progress) };
  return protocol.test(links[client], tails.newest(), rows, position);
}

function resultOf(parts: TrainerParts, progress: Progress): TrainResult {
  const { scheme, schedule, shardSizes } = parts;
  const { inAll, reports, newest: overall, forgetting } = progress;
  if (!overall) throw new Error(`A schedule of ${schedule.length} turns trains nothing.`);
  const trained = new Set(schedule.flatMap(({ visits }) => visits.map(({ client }) => client)));
  const clients = shardSizes.map((rows, client): ClientScore => {
    // Where they are averaged, a client that took part has what all have.
    const isShared = scheme.heads === 'averaged' && trained.has(client);
    const report = reports[client] ?? (isShared ? overall : undefined);
    const { loss = null, accuracy = null, weighted_f1 = null } = report ?? {};
    return { client, rows, loss, accuracy, weighted_f1 };
  });
  const { loss, accuracy, weighted_f1 } = overall;
  return {
    summary: { steps: totalSteps(schedule), rows: inAll.rows, loss, accuracy, weighted_f1, clients },
    overall,
    clients: reports,
    forgetting,
    holders: testersOf(parts, progress),
  };
}
