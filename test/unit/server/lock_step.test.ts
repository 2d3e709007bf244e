import { expect } from 'chai';
import fc from 'fast-check';
import { LockStep } from '../../../src/server/lock_step.js';
import { splitfedV2 } from '../../../src/server/schemes/splitfed_v2.js';

/** Clients 2, 5 and 7 with 3, 1 and 2 batches. */
const members = [
  { client: 2, numSteps: 3 },
  { client: 5, numSteps: 1 },
  { client: 7, numSteps: 2 },
];
const reversed = (clients: readonly number[]) => clients.toReversed();

describe('LockStep', () => {
  it('goes local step by local step, in each by those clients that have a batch left', () => {
    const lockStep = new LockStep(members);
    expect(lockStep.numLocalSteps).to.equal(3);
    expect([0, 1, 2].map((localStep) => lockStep.clientsOf(localStep))).to.deep.equal([
      [2, 5, 7],
      [2, 7],
      [2],
    ]);
    expect([0, 1, 2, 3].map((localStep) => lockStep.startOf(localStep))).to.deep.equal([0, 3, 5, 6]);
  });

  it('tells the place of every batch, and null where a client has no such', () => {
    const lockStep = new LockStep(members);
    const steps = [2, 5, 7].map((client) =>
      [0, 1, 2, 3].map((localStep) => lockStep.stepOf(client, localStep)),
    );
    expect(steps).to.deep.equal([
      [0, 3, 5, null],
      [1, null, null, null],
      [2, 4, null, null],
    ]);
    expect(lockStep.stepOf(3, 0)).to.equal(null);
  });

  it('tells where a number of batches leads', () => {
    const lockStep = new LockStep(members);
    const places = [0, 1, 2, 3, 4, 5, 6].map((numSteps) => lockStep.placeOf(numSteps));
    expect(places).to.deep.equal([
      { localStep: 0, done: [] },
      { localStep: 0, done: [2] },
      { localStep: 0, done: [2, 5] },
      { localStep: 1, done: [] },
      { localStep: 1, done: [2] },
      { localStep: 2, done: [] },
      { localStep: 3, done: [] },
    ]);
  });

  it('keeps to the order that it is given', () => {
    const lockStep = new LockStep(members, reversed);
    expect(lockStep.clientsOf(0)).to.deep.equal([7, 5, 2]);
    expect(lockStep.clientsOf(1)).to.deep.equal([7, 2]);
    expect([lockStep.stepOf(7, 1), lockStep.stepOf(2, 1)]).to.deep.equal([3, 4]);
    expect(lockStep.placeOf(4)).to.deep.equal({ localStep: 1, done: [7] });
  });

  it('of nobody has no step', () => {
    const lockStep = new LockStep([]);
    expect(lockStep.numLocalSteps).to.equal(0);
    expect(lockStep.placeOf(0)).to.deep.equal({ localStep: 0, done: [] });
  });

  it('numbers every batch once, each of a client after the one before, whatever is asked for first', () => {
    const anyTurn = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
      seed: fc.nat(),
      isBackwards: fc.boolean(),
    });
    fc.assert(
      fc.property(anyTurn, ({ sizes, seed, isBackwards }) => {
        const lockStep = new LockStep(
          sizes.map((numSteps, client) => ({ client, numSteps })),
          (clients, localStep) => splitfedV2.order(clients, { seed, round: 0, localStep }),
        );
        // More local steps than are kept.
        const localSteps = Array.from({ length: lockStep.numLocalSteps }, (_, localStep) => localStep);
        const all: number[] = [];
        for (const localStep of isBackwards ? localSteps.toReversed() : localSteps) {
          const steps = lockStep.clientsOf(localStep).map((client) => lockStep.stepOf(client, localStep));
          expect(steps).to.deep.equal(steps.map((_, place) => lockStep.startOf(localStep) + place));
          all.push(...steps.map(Number));
        }
        const numSteps = sizes.reduce((sum, size) => sum + size, 0);
        expect(all.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: numSteps }, (_, step) => step));
        for (const [client, size] of sizes.entries()) {
          expect(lockStep.stepOf(client, size - 1)).not.to.equal(null);
          expect(lockStep.stepOf(client, size)).to.equal(null);
        }
      }),
    );
  });
});
