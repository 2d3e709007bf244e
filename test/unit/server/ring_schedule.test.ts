import { expect } from 'chai';
import fc from 'fast-check';
import { ringSchedule, type RingOptions, type Visit } from '../../../src/server/ring_schedule.js';

/** Shards of 10, 4 and 7 rows in batches of 4: 3, 1 and 2 batches a pass, 6 a round. */
const options: RingOptions = {
  numEpochs: 2,
  localEpochs: 1,
  batchSize: 4,
  shardSizes: [10, 4, 7],
  maxSteps: 0,
  skippedVisits: [],
};
const schedule = (change: Partial<RingOptions> = {}) => ringSchedule({ ...options, ...change });
const pick = (visits: readonly Visit[], ...keys: (keyof Visit)[]) =>
  visits.map((visit) => keys.map((key) => visit[key]));

describe('ringSchedule', () => {
  it('visits every client once a round, by number; the last, smaller batch of a shard counts', () => {
    expect(
      pick(schedule(), 'round', 'client', 'firstStep', 'numSteps', 'firstPass', 'numPasses'),
    ).to.deep.equal([
      [0, 0, 0, 3, 0, 1],
      [0, 1, 3, 1, 0, 1],
      [0, 2, 4, 2, 0, 1],
      [1, 0, 6, 3, 1, 1],
      [1, 1, 9, 1, 1, 1],
      [1, 2, 10, 2, 1, 1],
    ]);
  });

  it('marks the last visit of each client', () => {
    expect(pick(schedule(), 'isLastOfClient').flat()).to.deep.equal([false, false, false, true, true, true]);
  });

  it('with local_epochs = n_epochs every client trains to the end, once', () => {
    const visits = schedule({ numEpochs: 3, localEpochs: 3 });
    expect(pick(visits, 'round', 'client', 'firstStep', 'numSteps', 'firstPass', 'numPasses')).to.deep.equal([
      [0, 0, 0, 9, 0, 3],
      [0, 1, 9, 3, 0, 3],
      [0, 2, 12, 6, 0, 3],
    ]);
    expect(pick(visits, 'isLastOfClient').flat()).to.deep.equal([true, true, true]);
  });

  it('with local_epochs between, a visit has several passes', () => {
    const visits = schedule({ numEpochs: 4, localEpochs: 2 });
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
    const visits = schedule({ maxSteps: 8 });
    expect(pick(visits, 'round', 'client', 'firstStep', 'numSteps')).to.deep.equal([
      [0, 0, 0, 3],
      [0, 1, 3, 1],
      [0, 2, 4, 2],
      [1, 0, 6, 2],
    ]);
    expect(pick(visits, 'isLastOfClient').flat()).to.deep.equal([false, true, true, true]);
  });

  it('with max_steps at the end of a visit has no empty one after it', () => {
    expect(pick(schedule({ maxSteps: 4 }), 'client', 'numSteps')).to.deep.equal([
      [0, 3],
      [1, 1],
    ]);
  });

  it('a max_steps that is never reached changes nothing', () => {
    expect(schedule({ maxSteps: 12 })).to.deep.equal(schedule());
    expect(schedule({ maxSteps: 1000 })).to.deep.equal(schedule());
  });

  it('one client, one round, one batch', () => {
    expect(schedule({ numEpochs: 1, shardSizes: [3] })).to.deep.equal([
      {
        round: 0,
        client: 0,
        firstStep: 0,
        numSteps: 1,
        firstPass: 0,
        numPasses: 1,
        isLastOfClient: true,
      },
    ]);
  });

  it('leaves visits out, and numbers the batches of the others without a gap', () => {
    const visits = schedule({ skippedVisits: ['1@0', '2@1'] });
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
        const visits = ringSchedule({
          numEpochs,
          localEpochs,
          batchSize,
          shardSizes,
          maxSteps,
          skippedVisits: [],
        });
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
