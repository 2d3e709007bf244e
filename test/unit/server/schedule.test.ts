import { expect } from 'chai';
import fc from 'fast-check';
import {
  drawnClients,
  nameOfVisit,
  numDrawnOf,
  rowsOfVisit,
  scheduleOf,
  totalSteps,
  type ScheduleOptions,
  type Turn,
  type Visit,
} from '../../../src/server/schedule.js';
import { parallel } from '../../../src/server/schemes/parallel.js';
import { sequential } from '../../../src/server/schemes/sequential.js';
import { splitfedV2 } from '../../../src/server/schemes/splitfed_v2.js';

/** Shards of 10, 4 and 7 rows in batches of 4: 3, 1 and 2 batches a pass, 6 a round. */
const options: ScheduleOptions = {
  scheme: sequential,
  numEpochs: 2,
  localEpochs: 1,
  batchSize: 4,
  shardSizes: [10, 4, 7],
  clientFraction: 1,
  seed: 0,
  maxSteps: 0,
  skippedVisits: [],
};
type RingVisit = Visit & Pick<Turn, 'round' | 'firstStep'>;

/** The visits of a ring: one a turn. */
const ring = (change: Partial<ScheduleOptions> = {}): readonly RingVisit[] =>
  scheduleOf({ ...options, ...change }).map(({ round, firstStep, numSteps, visits }) => {
    expect(visits).to.have.length(1);
    expect(visits[0].numSteps).to.equal(numSteps);
    return { round, firstStep, ...visits[0] };
  });
const pick = (visits: readonly RingVisit[], ...keys: (keyof RingVisit)[]) =>
  visits.map((visit) => keys.map((key) => visit[key]));

describe('scheduleOf a ring', () => {
  it('visits every client once a round, by number; the last, smaller batch of a shard counts', () => {
    expect(pick(ring(), 'round', 'client', 'firstStep', 'numSteps', 'firstPass', 'numPasses')).to.deep.equal([
      [0, 0, 0, 3, 0, 1],
      [0, 1, 3, 1, 0, 1],
      [0, 2, 4, 2, 0, 1],
      [1, 0, 6, 3, 1, 1],
      [1, 1, 9, 1, 1, 1],
      [1, 2, 10, 2, 1, 1],
    ]);
  });

  it('marks the last visit of each client', () => {
    expect(pick(ring(), 'isLastOfClient').flat()).to.deep.equal([false, false, false, true, true, true]);
  });

  it('with local_epochs = n_epochs every client trains to the end, once', () => {
    const visits = ring({ numEpochs: 3, localEpochs: 3 });
    expect(pick(visits, 'round', 'client', 'firstStep', 'numSteps', 'firstPass', 'numPasses')).to.deep.equal([
      [0, 0, 0, 9, 0, 3],
      [0, 1, 9, 3, 0, 3],
      [0, 2, 12, 6, 0, 3],
    ]);
    expect(pick(visits, 'isLastOfClient').flat()).to.deep.equal([true, true, true]);
  });

  it('with local_epochs between, a visit has several passes', () => {
    const visits = ring({ numEpochs: 4, localEpochs: 2 });
    expect(pick(visits, 'round', 'firstPass', 'numPasses', 'numSteps')).to.deep.equal([
      [0, 0, 2, 6],
      [0, 0, 2, 2],
      [0, 0, 2, 4],
      [1, 2, 2, 6],
      [1, 2, 2, 2],
      [1, 2, 2, 4],
    ]);
  });

  it('ends after max_steps, inside a visit too, which is then the last of its client', () => {
    const visits = ring({ maxSteps: 8 });
    expect(pick(visits, 'round', 'client', 'firstStep', 'numSteps')).to.deep.equal([
      [0, 0, 0, 3],
      [0, 1, 3, 1],
      [0, 2, 4, 2],
      [1, 0, 6, 2],
    ]);
    expect(pick(visits, 'isLastOfClient').flat()).to.deep.equal([false, true, true, true]);
  });

  it('with max_steps at the end of a visit has no empty one after it', () => {
    expect(pick(ring({ maxSteps: 4 }), 'client', 'numSteps')).to.deep.equal([
      [0, 3],
      [1, 1],
    ]);
  });

  it('a max_steps that is never reached changes nothing', () => {
    expect(ring({ maxSteps: 12 })).to.deep.equal(ring());
    expect(ring({ maxSteps: 1000 })).to.deep.equal(ring());
  });

  it('one client, one round, one batch', () => {
    const schedule = scheduleOf({ ...options, numEpochs: 1, shardSizes: [3] });
    const visit = { client: 0, numSteps: 1, firstPass: 0, numPasses: 1, isLastOfClient: true };
    expect(schedule).to.deep.equal([{ round: 0, firstStep: 0, numSteps: 1, visits: [visit] }]);
    expect(totalSteps(schedule)).to.equal(1);
  });

  it('leaves visits out, and numbers the batches of the others without a gap', () => {
    const visits = ring({ skippedVisits: ['1@0', '2@1'] });
    expect(pick(visits, 'round', 'client', 'firstStep', 'firstPass')).to.deep.equal([
      [0, 0, 0, 0],
      [0, 2, 3, 0],
      [1, 0, 5, 1],
      [1, 1, 8, 1],
    ]);
    // By plan, client 2 is visited last in round 1: it has no last visit here.
    expect(pick(visits, 'isLastOfClient').flat()).to.deep.equal([false, false, true, true]);
  });

  it('leaves no step out, and gives every client every pass once', () => {
    const anyRing = fc.record({
      shardSizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
      batchSize: fc.integer({ min: 1, max: 12 }),
      localEpochs: fc.integer({ min: 1, max: 4 }),
      numRounds: fc.integer({ min: 1, max: 4 }),
      maxSteps: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
    });
    fc.assert(
      fc.property(anyRing, ({ shardSizes, batchSize, localEpochs, numRounds, maxSteps }) => {
        const numEpochs = numRounds * localEpochs;
        const visits = ring({ numEpochs, localEpochs, batchSize, shardSizes, maxSteps });
        const ofAPass = shardSizes.map((size) => Math.ceil(size / batchSize));
        const wanted = numEpochs * ofAPass.reduce((sum, size) => sum + size, 0);

        let step = 0;
        for (const { firstStep, numSteps } of visits) {
          expect(firstStep).to.equal(step);
          expect(numSteps).to.be.greaterThan(0);
          step += numSteps;
        }
        expect(step).to.equal(maxSteps === 0 ? wanted : Math.min(wanted, maxSteps));

        for (const [client, size] of ofAPass.entries()) {
          const own = visits.filter((visit) => visit.client === client);
          expect(own.map(({ isLastOfClient }) => isLastOfClient)).to.deep.equal(
            own.map((_, index) => index === own.length - 1),
          );
          const passes = own.flatMap(({ firstPass, numPasses }) =>
            Array.from({ length: numPasses }, (_, index) => firstPass + index),
          );
          expect(passes).to.deep.equal(passes.map((_, index) => index));
          // Only a visit that max_steps ends is shorter than its passes.
          const whole = own.filter((visit) => visit !== visits.at(-1));
          expect(whole.map(({ numSteps }) => numSteps)).to.deep.equal(whole.map(() => size * localEpochs));
          if (maxSteps === 0) expect(passes).to.have.length(numEpochs);
        }
      }),
    );
  });
});

/** Batches of each visit of a turn, by client. */
const stepsOf = ({ visits }: Turn) =>
  Object.fromEntries(visits.map(({ client, numSteps }) => [client, numSteps]));

describe('scheduleOf clients that train side by side', () => {
  const schedule = (change: Partial<ScheduleOptions> = {}) =>
    scheduleOf({ ...options, scheme: parallel, ...change });

  it('has a turn a round, with a visit of every client', () => {
    const turns = schedule();
    expect(turns.map(({ round, firstStep, numSteps }) => [round, firstStep, numSteps])).to.deep.equal([
      [0, 0, 6],
      [1, 6, 6],
    ]);
    for (const turn of turns) expect(stepsOf(turn)).to.deep.equal({ 0: 3, 1: 1, 2: 2 });
    const of = (key: keyof Visit) => turns.map(({ visits }) => visits.map((visit) => visit[key]));
    expect(of('client')).to.deep.equal([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(of('firstPass')).to.deep.equal([
      [0, 0, 0],
      [1, 1, 1],
    ]);
    expect(of('isLastOfClient')).to.deep.equal([
      [false, false, false],
      [true, true, true],
    ]);
    expect(totalSteps(turns)).to.equal(12);
  });

  it('ends after max_steps, inside a local step too: the tail has taken the batches before in its order', () => {
    // Local steps: batches of clients 0, 1, 2; then 0, 2; then 0.
    const wanted: readonly (readonly [number, Record<number, number>])[] = [
      [1, { 0: 1 }],
      [2, { 0: 1, 1: 1 }],
      [3, { 0: 1, 1: 1, 2: 1 }],
      [4, { 0: 2, 1: 1, 2: 1 }],
      [5, { 0: 2, 1: 1, 2: 2 }],
      [6, { 0: 3, 1: 1, 2: 2 }],
    ];
    for (const [maxSteps, steps] of wanted) {
      const turns = schedule({ maxSteps });
      expect(turns.map(stepsOf), `max_steps ${maxSteps}`).to.deep.equal([steps]);
      expect(totalSteps(turns)).to.equal(maxSteps);
    }
    expect(schedule({ maxSteps: 8 }).map(stepsOf)).to.deep.equal([
      { 0: 3, 1: 1, 2: 2 },
      { 0: 1, 1: 1 },
    ]);
  });

  it('ends after max_steps in the order that SplitFed v2 draws for that local step', () => {
    const cutTurns = new Set<string>();
    for (let seed = 0; seed < 10; seed++) {
      const order = (clients: readonly number[], localStep: number) =>
        splitfedV2.order(clients, { seed, round: 0, localStep });
      const cut = (maxSteps: number) => stepsOf(schedule({ scheme: splitfedV2, seed, maxSteps })[0]);
      const [first, second] = order([0, 1, 2], 0);
      expect(cut(1)).to.deep.equal({ [first]: 1 });
      expect(cut(2)).to.deep.equal({ [first]: 1, [second]: 1 });
      const [ahead] = order([0, 2], 1);
      expect(cut(4)).to.deep.equal({ 0: 1, 1: 1, 2: 1, [ahead]: 2 });
      cutTurns.add(JSON.stringify([first, second, ahead]));
    }
    expect(cutTurns.size, 'orders of 10 seeds').to.be.greaterThan(1);
  });

  it('leaves a visit out of a round, and the other clients stay', () => {
    const turns = schedule({ skippedVisits: ['1@0', '0@1', '2@1'] });
    expect(turns.map(stepsOf)).to.deep.equal([{ 0: 3, 2: 2 }, { 1: 1 }]);
    expect(turns.map(({ firstStep, numSteps }) => [firstStep, numSteps])).to.deep.equal([
      [0, 5],
      [5, 1],
    ]);
    // By plan, round 1 is everybody's last.
    expect(turns[0].visits.map(({ isLastOfClient }) => isLastOfClient)).to.deep.equal([false, false]);
  });

  it('has no turn where all visits of a round are left out', () => {
    const turns = schedule({ skippedVisits: [0, 1, 2].map((client) => nameOfVisit(client, 0)) });
    expect(turns.map(({ round, firstStep }) => [round, firstStep])).to.deep.equal([[1, 0]]);
  });

  it('trains as many batches as the ring, whatever max_steps', () => {
    const any = fc.record({
      shardSizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
      batchSize: fc.integer({ min: 1, max: 12 }),
      maxSteps: fc.integer({ min: 0, max: 60 }),
      scheme: fc.constantFrom(parallel, splitfedV2),
    });
    fc.assert(
      fc.property(any, (change) => {
        const turns = schedule(change);
        expect(totalSteps(turns)).to.equal(
          totalSteps(scheduleOf({ ...options, ...change, scheme: sequential })),
        );
        for (const { visits, numSteps } of turns) {
          expect(numSteps).to.equal(visits.reduce((sum, visit) => sum + visit.numSteps, 0));
          expect(visits.every((visit) => visit.numSteps > 0)).to.equal(true);
        }
      }),
    );
  });
});

describe('drawnClients', () => {
  const all = Array.from({ length: 20 }, (_, client) => client);
  const draw = (clientFraction: number, seed = 0, round = 0) =>
    drawnClients(all.length, { clientFraction, seed }, round);

  it('draws so many different clients, in order', () => {
    for (const [fraction, number] of [
      [1, 20],
      [0.5, 10],
      [0.1, 2],
      [0.12, 2],
      [0.13, 3],
      [0.05, 1],
    ]) {
      const drawn = draw(fraction);
      expect(drawn).to.have.length(number);
      expect(numDrawnOf(20, fraction)).to.equal(number);
      expect([...new Set(drawn)].sort((a, b) => a - b)).to.deep.equal(drawn);
      expect(all).to.include.members([...drawn]);
    }
    expect(draw(1)).to.deep.equal(all);
    expect(numDrawnOf(3, 0.1)).to.equal(0);
  });

  it('draws by seed and round alone', () => {
    expect(draw(0.5, 3, 4)).to.deep.equal(draw(0.5, 3, 4));
    expect(draw(0.5, 3, 5)).not.to.deep.equal(draw(0.5, 3, 4));
    expect(draw(0.5, 4, 4)).not.to.deep.equal(draw(0.5, 3, 4));
  });

  it('decides who trains in a round, in the ring as side by side; who is drawn no more has had its last visit', () => {
    for (const scheme of [sequential, parallel]) {
      const change = { scheme, shardSizes: all.map(() => 4), clientFraction: 0.25, numEpochs: 6, seed: 2 };
      const turns = scheduleOf({ ...options, ...change });
      for (let round = 0; round < 6; round++) {
        const visits = turns.filter((turn) => turn.round === round).flatMap((turn) => turn.visits);
        expect(visits.map(({ client }) => client)).to.deep.equal(draw(0.25, 2, round));
        for (const { client, isLastOfClient } of visits) {
          const isDrawnLater = [1, 2, 3, 4, 5].some(
            (more) => round + more < 6 && draw(0.25, 2, round + more).includes(client),
          );
          expect(isLastOfClient).to.equal(!isDrawnLater);
        }
      }
    }
  });
});

describe('rowsOfVisit', () => {
  it('counts the last, smaller batch of each pass', () => {
    const visit = { client: 0, firstPass: 0, numPasses: 2, isLastOfClient: true };
    // 10 rows in batches of 4: 4, 4, 2.
    const rows = [1, 2, 3, 4, 5, 6].map((numSteps) => rowsOfVisit({ ...visit, numSteps }, 10, 4));
    expect(rows).to.deep.equal([4, 8, 10, 14, 18, 20]);
  });
});
