import { NumericError, ProtocolError } from '../core/errors.js';
import type { ClassificationReport } from '../core/evaluation.js';
import type { ClientScore, ForgettingEvent, HandOverEvent, TrainEvent, TrainResult } from '../core/events.js';
import type { Link } from '../link/link.js';
import { toFrame, type ActivationsMessage, type Handoff } from '../link/messages.js';
import { addTallies, emptyTally, scoreOf, testScoreOf, type Tally } from '../metrics/classification.js';
import { classAccuracy } from '../metrics/forgetting.js';
import type { Predictions } from '../metrics/predictions.js';
import { reportOf } from '../metrics/report.js';
import { evaluate, type TestRows } from './evaluation.js';
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
}

/** When the newest head and tail are tested on the sample for the forgetting matrix, and its number of rows. */
export interface ForgettingTests {
  readonly when: 'every_visit' | 'every_round' | 'off';
  readonly numRows: number;
}

export const noForgettingTests: ForgettingTests = { when: 'off', numRows: 0 };

/**
 * Sequential split learning (Gupta and Raskar, arXiv 1810.06060): the clients train one after the other, and the head goes
 * round the ring. The first client of the schedule must have the head. Yields facts; prints and writes nothing.
 */
export async function* trainRing(parts: TrainerParts): AsyncGenerator<TrainEvent, TrainResult> {
  const { links, schedule, shardSizes, forgetting } = parts;
  const scores: ClientScore[] = shardSizes.map((rows, client) => ({
    client,
    rows,
    loss: null,
    accuracy: null,
    weighted_f1: null,
  }));
  const reports: (ClassificationReport | null)[] = shardSizes.map(() => null);
  let holder = schedule[0].client;
  let inRound = emptyTally;
  let inAll = emptyTally;
  let final: ClassificationReport | undefined;
  for (const visit of schedule) {
    if (visit.client !== holder) yield await handOver(parts, holder, visit);
    holder = visit.client;

    const inVisit = yield* trainVisit(parts, visit);
    inRound = addTallies(inRound, inVisit);
    inAll = addTallies(inAll, inVisit);

    if (forgetting.when === 'every_visit' || (forgetting.when === 'every_round' && visit.isLastOfRound))
      yield await testForgetting(parts, visit);
    if (!visit.isLastOfClient && !visit.isLastOfRound) continue;
    const predictions = await testAfter(parts, visit, { set: 'test', numRows: parts.numTestRows });
    const score = testScoreOf(predictions);
    const { round } = visit;
    const steps = visit.firstStep + visit.numSteps;
    yield { type: 'evaluation', round, client: holder, steps, rows: parts.numTestRows, ...score };
    if (visit.isLastOfClient) {
      scores[holder] = { ...scores[holder], ...score };
      reports[holder] = final = reportOf(predictions);
    }
    if (visit.isLastOfRound) {
      yield { type: 'round', round, steps, rows: inRound.rows, train: scoreOf(inRound), test: score };
      inRound = emptyTally;
    }
  }
  if (!final)
    throw new Error(`A schedule of ${schedule.length} visits for ${links.length} clients trains nothing.`);
  const last = schedule[schedule.length - 1];
  const { loss, accuracy, weighted_f1 } = final;
  const steps = last.firstStep + last.numSteps;
  const summary = { steps, rows: inAll.rows, loss, accuracy, weighted_f1, clients: scores };
  return { summary, overall: final, clients: reports };
}

async function* trainVisit(parts: TrainerParts, visit: Visit): AsyncGenerator<TrainEvent, Tally> {
  const { links, tail, generation, handoff } = parts;
  const { round, client, firstStep, numSteps, firstPass, numPasses } = visit;
  const link = links[client];
  const isOptimizerFresh = handoff === 'weights';
  const start = { generation, step: firstStep, round, firstPass, numPasses, numSteps, isOptimizerFresh };
  let message: ActivationsMessage | null = await link.startVisit(start);
  let inVisit = emptyTally;
  for (let step = firstStep; step < firstStep + numSteps; step++) {
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
    inVisit = addTallies(inVisit, tally);
    yield { type: 'step', step, round, client, rows: tally.rows, ...scoreOf(tally) };
  }
  if (message) throw endedEarly(visit, firstStep + numSteps);
  const steps = firstStep + numSteps;
  yield { type: 'visit', round, client, steps, rows: inVisit.rows, ...scoreOf(inVisit) };
  return inVisit;
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
      `Client ${to} took a head with SHA-256 ${taken.sha256}, but client ${from} sent ${sent.sha256}. Start the run again.`,
      { from, to, round },
    );
  }
  return { type: 'hand_over', round, steps, from, to, sha256: taken.sha256, bytes: taken.sizeBytes };
}

async function testForgetting(parts: TrainerParts, visit: Visit): Promise<ForgettingEvent> {
  const { round, client } = visit;
  const steps = visit.firstStep + visit.numSteps;
  const predictions = await testAfter(parts, visit, { set: 'forgetting', numRows: parts.forgetting.numRows });
  return { type: 'forgetting', round, client, steps, class_accuracy: classAccuracy(predictions) };
}

/** Answers of the head and tail as the visit left them. */
function testAfter(parts: TrainerParts, visit: Visit, rows: TestRows): Promise<Predictions> {
  const { links, tail, generation } = parts;
  return evaluate(links[visit.client], tail, rows, { generation, step: visit.firstStep + visit.numSteps });
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
    `Client ${client} has more or fewer batches than the ${numSteps} of its visit, seen at step ${step}. Start the run again.`,
    { client, step },
  );
}
