import { ProtocolError } from '../core/errors.js';
import type { TrainEvent } from '../core/events.js';
import type { ActivationsMessage } from '../link/messages.js';
import { scoreOf } from '../metrics/classification.js';
import { Flight } from './flight.js';
import { LockStep } from './lock_step.js';
import { stepDone, type Progress } from './progress.js';
import type { TrainedBatch } from './protocols/protocol.js';
import type { Turn, Visit } from './schedule.js';
import type { TrainedTail } from './tail.js';
import type { TrainerParts } from './trainer.js';

/** Local steps that are under way at once where clients do not wait for one tail. */
const LOCAL_STEPS_AHEAD = 2;

/**
 * Trains the clients of a turn in lock-step: the tail takes the batches of one local step after the other, and of each in the
 * scheme's order. Inside that order a batch starts as soon as its client's batch before it has come back, and its tail is free;
 * nobody is further ahead of the slowest than `LOCAL_STEPS_AHEAD`. Where a pause is due, all is at rest between two local steps.
 */
export async function* trainTurn(
  parts: TrainerParts,
  turn: Turn,
  start: Progress,
): AsyncGenerator<TrainEvent, Progress> {
  const { scheme, seed, pause } = parts;
  const { round, visits } = turn;
  const lockStep = new LockStep(visits, (clients, localStep) =>
    scheme.order(clients, { seed, round, localStep }),
  );
  const first = lockStep.placeOf(start.stepsInTurn).localStep;
  const work = new TurnWork(parts, turn, lockStep, { first, isResumed: start.stepsInTurn > 0 });
  const placeOf = new Map(visits.map(({ client }, place) => [client, place]));
  const numAhead = scheme.tails === 'one' ? 1 : LOCAL_STEPS_AHEAD;
  const underWay: (readonly Launched[])[] = [];
  let progress = start;
  let numLaunched = first;
  let isPausing = false;
  for (let localStep = first; localStep < lockStep.numLocalSteps; localStep++) {
    while (!isPausing && numLaunched < Math.min(localStep + numAhead, lockStep.numLocalSteps))
      underWay.push(work.launch(numLaunched++));
    for (const { client, trained } of underWay.shift() ?? []) {
      const { tally } = await work.flight.wait(trained);
      const step = turn.firstStep + progress.stepsInTurn;
      progress = stepDone(progress, placeOf.get(client) ?? 0, tally);
      yield { type: 'step', step, round, client, rows: tally.rows, ...scoreOf(tally) };
    }
    // What is under way already is waited for; nothing else is started.
    isPausing ||= pause.isDue(progress);
    if (isPausing && underWay.length === 0) {
      await work.atRest();
      await pause.take(progress);
      isPausing = false;
    }
  }
  await work.end();
  const steps = turn.firstStep + progress.stepsInTurn;
  for (const [place, { client }] of visits.entries()) {
    const tally = progress.inTurn[place];
    yield { type: 'visit', round, client, steps, rows: tally.rows, ...scoreOf(tally) };
  }
  return progress;
}

interface Launched {
  readonly client: number;
  readonly trained: Promise<TrainedBatch>;
}

/** What each client's next batch waits for: its message, and its tail. */
class TurnWork {
  readonly flight = new Flight();
  readonly #parts: TrainerParts;
  readonly #turn: Turn;
  readonly #lockStep: LockStep;
  /** By client: what its batch before brings up. */
  readonly #messages = new Map<number, Promise<ActivationsMessage | null>>();
  /** When a tail has trained the batch before. */
  readonly #tailsFree = new Map<TrainedTail | null, Promise<void>>();

  /** Asks every client with a batch left for its activations. */
  constructor(
    parts: TrainerParts,
    turn: Turn,
    lockStep: LockStep,
    { first, isResumed }: { readonly first: number; readonly isResumed: boolean },
  ) {
    this.#parts = parts;
    this.#turn = turn;
    this.#lockStep = lockStep;
    for (const visit of turn.visits) {
      const step = lockStep.stepOf(visit.client, first);
      if (step !== null) this.#messages.set(visit.client, this.#start(visit, step, first, isResumed));
    }
  }

  /** Starts the batches of a local step, each when it can. */
  launch(localStep: number): readonly Launched[] {
    return this.#lockStep.clientsOf(localStep).map((client) => {
      const trained = this.flight.watch(this.#train(client, localStep));
      this.#messages.set(client, this.flight.watch(trained.then(({ next }) => next)));
      const tail = this.#parts.tails.of(client);
      this.#tailsFree.set(tail, this.flight.watch(trained.then(({ tailDone }) => tailDone)));
      return { client, trained };
    });
  }

  /** Everything that was started is done on both sides. */
  async atRest(): Promise<void> {
    await this.flight.wait(Promise.all([...this.#messages.values(), ...this.#tailsFree.values()]));
  }

  /** At rest, and every client knows that it is over. Throws ProtocolError. */
  async end(): Promise<void> {
    await this.atRest();
    for (const [client, message] of this.#messages) if ((await message) !== null) throw notOver(client);
  }

  async #train(client: number, localStep: number): Promise<TrainedBatch> {
    const { links, tails, protocol, generation } = this.#parts;
    const tail = tails.of(client);
    const tailFree = tail === null ? undefined : this.#tailsFree.get(tail);
    const [message] = await Promise.all([this.#messages.get(client) ?? null, tailFree]);
    const step = this.#stepOf(client, localStep);
    if (step === null) throw new Error(`Client ${client} has no batch in local step ${localStep}.`);
    const due = { generation, step, nextStep: this.#stepOf(client, localStep + 1) };
    return await protocol.train(links[client], tail, message, due);
  }

  /** Over the whole run. */
  #stepOf(client: number, localStep: number): number | null {
    const inTurn = this.#lockStep.stepOf(client, localStep);
    return inTurn === null ? null : this.#turn.firstStep + inTurn;
  }

  #start(
    { client, firstPass, numPasses, numSteps }: Visit,
    stepInTurn: number,
    firstBatch: number,
    isResumed: boolean,
  ): Promise<ActivationsMessage | null> {
    const { links, generation, handoff } = this.#parts;
    const { round, firstStep } = this.#turn;
    const request = {
      generation,
      step: firstStep + stepInTurn,
      round,
      firstPass,
      numPasses,
      firstBatch,
      numSteps: numSteps - firstBatch,
      isOptimizerFresh: handoff === 'weights' && !isResumed,
    };
    return this.flight.watch(links[client].startVisit(request));
  }
}

function notOver(client: number): ProtocolError {
  return new ProtocolError('ERR_NOT_DUE', `Client ${client} sent a batch after the last one of its visit.`, {
    client,
  });
}
