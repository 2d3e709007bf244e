import { NumericError, ProtocolError } from '../core/errors.js';
import type { ClientScore, ForgettingEvent, HandOverEvent, TrainEvent, TrainResult } from '../core/events.js';
import type { Link } from '../link/link.js';
import { toFrame, type ActivationsMessage, type Handoff } from '../link/messages.js';
import { addTallies, emptyTally, scoreOf } from '../metrics/classification.js';
import { classAccuracy } from '../metrics/forgetting.js';
import type { Predictions } from '../metrics/predictions.js';
import { reportOf } from '../metrics/report.js';
import { evaluate, type TestRows } from './evaluation.js';
import { startOfRing, stepsDone, visitDone, type RingProgress } from './ring_progress.js';
import type { Visit } from './ring_schedule.js';
import type { Tail } from './tail.js';

/** What a training is made of. */
export interface TrainerParts {
  /** By client number. */
  readonly links: readonly Link[];
  readonly tail: Tail;
  readonly schedule: readonly Visit[];
  readonly handoff: Handoff;
  readonly generation: number;
  readonly shardSizes: readonly number[];
  readonly numTestRows: number;
  readonly forgetting: ForgettingTests;
  /** Awaited whenever every side is at rest, after what led there was told: the time for a checkpoint. */
  readonly rest: (progress: RingProgress) => Promise<void>;
}

/** When the newest head and tail are tested on the sample for the forgetting matrix, and its number of rows. */
export interface ForgettingTests {
  readonly when: 'every_visit' | 'every_round' | 'off';
  readonly numRows: number;
}

/** Of a training that takes no checkpoint. */
export const neverRest = (): Promise<void> => Promise.resolve();

export const noForgettingTests: ForgettingTests = { when: 'off', numRows: 0 };

/**
 * Sequential split learning (Gupta and Raskar, arXiv 1810.06060): the clients train one after the other, and the head goes
 * round the ring. Goes on from `start`, whose holder must have the head. Yields facts; prints and writes nothing.
 */
export async function* trainRing(
  parts: TrainerParts,
  start = startOfRing(parts.schedule, parts.links.length),
): AsyncGenerator<TrainEvent, TrainResult> {
  const { schedule, forgetting } = parts;
  let progress = start;
  for (const visit of schedule.slice(start.visit)) {
    if (visit.round !== progress.round) progress = yield* endRound(parts, progress, visit.round);
    if (visit.client !== progress.holder) yield await handOver(parts, progress.holder, visit);
    progress = yield* trainVisit(parts, visit, { ...progress, holder: visit.client });
    progress = visitDone(progress);
    if (forgetting.when === 'every_visit') progress = yield* testForgetting(parts, progress);
    if (visit.isLastOfClient) {
      progress = yield* testHead(parts, progress);
      progress = { ...progress, reports: progress.reports.with(visit.client, progress.newest) };
    }
    await parts.rest(progress);
  }
  progress = yield* endRound(parts, progress, progress.round + 1);
  return resultOf(parts, progress);
}

/** The tests at the end of a round. */
async function* endRound(
  parts: TrainerParts,
  start: RingProgress,
  nextRound: number,
): AsyncGenerator<TrainEvent, RingProgress> {
  let progress = start;
  if (parts.forgetting.when === 'every_round') progress = yield* testForgetting(parts, progress);
  if (!progress.newest) progress = yield* testHead(parts, progress);
  const { round, inRound, newest } = progress;
  if (!newest) throw new Error(`Round ${round} ended without a test.`);
  const { loss, accuracy, weighted_f1 } = newest;
  const test = { loss, accuracy, weighted_f1 };
  const steps = stepsDone(parts.schedule, progress);
  yield { type: 'round', round, steps, rows: inRound.rows, train: scoreOf(inRound), test };
  return { ...progress, round: nextRound, inRound: emptyTally };
}

async function* trainVisit(
  parts: TrainerParts,
  visit: Visit,
  start: RingProgress,
): AsyncGenerator<TrainEvent, RingProgress> {
  const { links, tail, generation, handoff } = parts;
  const { round, client, firstStep, numSteps, firstPass, numPasses } = visit;
  const link = links[client];
  const end = firstStep + numSteps;
  let progress = start;
  let step = firstStep + start.stepsInVisit;
  let message: ActivationsMessage | null = null;
  if (step < end) {
    const isOptimizerFresh = handoff === 'weights' && step === firstStep;
    const firstBatch = start.stepsInVisit;
    const batches = { firstPass, numPasses, firstBatch, numSteps: end - step };
    message = await link.startVisit({ generation, step, round, ...batches, isOptimizerFresh });
  }
  for (; step < end; step++) {
    if (!message) throw endedEarly(visit, step);
    const { tally, dz_BF } = await tail
      .lossGradient(message, { generation, step }, client)
      .catch((error: unknown) => {
        throw locate(error, client, step);
      });
    // Sent before the tail's own update: the client works while the server does.
    const sent = link.trainStep({ generation, step, dz: toFrame(dz_BF) });
    const updated = tail.update().catch((error: unknown) => {
      throw locate(error, client, step);
    });
    [message] = await Promise.all([sent, updated]);
    const { stepsInVisit, inVisit } = progress;
    progress = { ...progress, stepsInVisit: stepsInVisit + 1, inVisit: addTallies(inVisit, tally) };
    yield { type: 'step', step, round, client, rows: tally.rows, ...scoreOf(tally) };
    await parts.rest(progress);
  }
  if (message) throw endedEarly(visit, end);
  const { inVisit } = progress;
  yield { type: 'visit', round, client, steps: end, rows: inVisit.rows, ...scoreOf(inVisit) };
  return progress;
}

/** Tests the newest head and tail on all test rows. */
async function* testHead(
  parts: TrainerParts,
  progress: RingProgress,
): AsyncGenerator<TrainEvent, RingProgress> {
  const { numTestRows: rows } = parts;
  const newest = reportOf(await answers(parts, progress, { set: 'test', numRows: rows }));
  const { loss, accuracy, weighted_f1 } = newest;
  const { round, holder: client } = progress;
  const steps = stepsDone(parts.schedule, progress);
  yield { type: 'evaluation', round, client, steps, rows, loss, accuracy, weighted_f1 };
  return { ...progress, newest };
}

async function* testForgetting(
  parts: TrainerParts,
  progress: RingProgress,
): AsyncGenerator<TrainEvent, RingProgress> {
  const rows = { set: 'forgetting', numRows: parts.forgetting.numRows } as const;
  const class_accuracy = classAccuracy(await answers(parts, progress, rows));
  const { round, holder: client } = progress;
  const steps = stepsDone(parts.schedule, progress);
  const event: ForgettingEvent = { type: 'forgetting', round, client, steps, class_accuracy };
  yield event;
  return { ...progress, forgetting: [...progress.forgetting, event] };
}

/** Answers of the newest head and tail. */
function answers(parts: TrainerParts, progress: RingProgress, rows: TestRows): Promise<Predictions> {
  const { links, tail, generation, schedule } = parts;
  return evaluate(links[progress.holder], tail, rows, { generation, step: stepsDone(schedule, progress) });
}

function resultOf(
  { schedule, shardSizes }: TrainerParts,
  { inAll, reports, newest: overall, forgetting }: RingProgress,
): TrainResult {
  if (!overall) throw new Error(`A schedule of ${schedule.length} visits trains nothing.`);
  const last = schedule[schedule.length - 1];
  const { loss, accuracy, weighted_f1 } = overall;
  const clients = shardSizes.map((rows, client): ClientScore => {
    const { loss = null, accuracy = null, weighted_f1 = null } = reports[client] ?? {};
    return { client, rows, loss, accuracy, weighted_f1 };
  });
  const steps = last.firstStep + last.numSteps;
  return {
    summary: { steps, rows: inAll.rows, loss, accuracy, weighted_f1, clients },
    overall,
    clients: reports,
    forgetting,
  };
}

/** Both clients are asked at once; each tells the SHA-256 of what it sent or took. */
async function handOver(parts: TrainerParts, from: number, visit: Visit): Promise<HandOverEvent> {
  const { links, handoff, generation } = parts;
  const { round, client: to, firstStep: steps } = visit;
  const request = { generation, step: steps, round, from, to, handoff };
  const [sent, taken] = await Promise.all([links[from].sendHead(request), links[to].receiveHead(request)]);
  if (sent.sha256 !== taken.sha256) {
    throw new ProtocolError(
      'ERR_HAND_OVER',
      `Client ${to} took a head with SHA-256 ${taken.sha256}, but client ${from} sent ${sent.sha256}.`,
      { from, to, round },
    );
  }
  return { type: 'hand_over', round, steps, from, to, sha256: taken.sha256, bytes: taken.sizeBytes };
}

function locate(error: unknown, client: number, step: number): unknown {
  if (!(error instanceof NumericError)) return error;
  return new NumericError(
    error.code,
    `Tail, step ${step} with client ${client}: ${error.message} Lower \`optimizer.tail.lr\`, or \`optimizer.head.lr\` if the activations grew.`,
    { client, step },
    { cause: error },
  );
}

function endedEarly({ client, numSteps }: Visit, step: number): ProtocolError {
  return new ProtocolError(
    'ERR_NOT_DUE',
    `Client ${client} has more or fewer batches than the ${numSteps} of its visit, seen at step ${step}.`,
    { client, step },
  );
}
