import { expect } from 'chai';
import { existsSync, readdirSync } from 'node:fs';
import { InterruptedError } from '../../../src/core/errors.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { newestCheckpoint, requireFiles } from '../../../src/server/checkpoint.js';
import { Checkpointer, isBefore, type CheckpointerOptions } from '../../../src/server/checkpointer.js';
import { startOf } from '../../../src/server/progress.js';
import { someFacts } from '../../support/checkpoints.js';
import { foldersOf } from '../../support/folders.js';
import { rejection } from '../../support/link_errors.js';
import { openSmallTraining, trainToEnd } from '../../support/small_training.js';
import { compilerOf } from '../../support/segments.js';

/** Shards of 6, 4 and 9 rows in batches of 4, two rounds: visits end after 2, 3, 6, 8, 9 and 12 batches. */
describe('Checkpointer', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const newFolder = foldersOf();
  const policy = { everySteps: 100, minMs: 0, keep: 100 };

  /**
   * A whole training; the clock goes on by `msEach` whenever a pause is asked for, and a signal comes with asking number
   * `signalAt`. Gives the batches at which checkpoints were taken.
   */
  const train = async (
    change: Partial<CheckpointerOptions> = {},
    { msEach = 1, signalAt = Infinity }: { msEach?: number; signalAt?: number } = {},
  ) => {
    const ring = await openSmallTraining(compile);
    const folder = newFolder();
    let nowMs = 0;
    let numAsked = 0;
    const taken: number[] = [];
    const checkpointer = new Checkpointer(
      {
        folder,
        policy,
        schedule: ring.parts.schedule,
        hasOwnTests: false,
        skippedVisits: someFacts.skippedVisits,
        dataSha256: () => someFacts.dataSha256,
        versions: someFacts.versions,
        lengths: () => someFacts.lengths,
        costs: () => someFacts.costs,
        onWritten: ({ steps }) => taken.push(steps),
        onKept: () => Promise.resolve(),
        interruptedBy: () => (numAsked >= signalAt ? 'SIGTERM' : undefined),
        now: () => nowMs,
        ...change,
      },
      0,
    );
    const training = trainToEnd({
      ...ring.parts,
      pause: {
        reached: () => undefined,
        isDue: (progress) => {
          nowMs += msEach;
          numAsked++;
          return checkpointer.isDue(progress);
        },
        take: (progress) => checkpointer.take(ring.parts, progress),
      },
    });
    return { training, taken, folder };
  };
  const takenBy = async (change: Partial<CheckpointerOptions>, clock = {}) => {
    const { training, taken } = await train(change, clock);
    await training;
    return taken;
  };
  const kept = (folder: string) => readdirSync(folder).map((name) => Number(name.slice('step-'.length)));

  it('takes one after every visit', async () => {
    expect(await takenBy({})).to.deep.equal([2, 3, 6, 8, 9, 12]);
  });

  it('and after so many steps inside one, never two of one step', async () => {
    expect(await takenBy({ policy: { ...policy, everySteps: 1 } })).to.deep.equal(
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
    // From 3 on: 2 steps after the last is 5; the visit ends at 6.
    expect(await takenBy({ policy: { ...policy, everySteps: 2 } })).to.deep.equal([2, 3, 5, 6, 8, 9, 11, 12]);
  });

  it('but never two within the time that must lie between', async () => {
    // One tick an asking; 12 batches and 6 ends of visits are 18, of which the ends are number 3, 5, 9, 12, 14 and 18.
    expect(await takenBy({ policy: { ...policy, minMs: 5 } })).to.deep.equal([3, 8, 12]);
    expect(await takenBy({ policy: { ...policy, minMs: 19 } })).to.deep.equal([]);
    expect(await takenBy({ policy: { ...policy, minMs: 5 } }, { msEach: 5 })).to.deep.equal([
      2, 3, 6, 8, 9, 12,
    ]);
  });

  it('keeps the last ones', async () => {
    const { training, folder } = await train({ policy: { ...policy, keep: 2 } });
    await training;
    expect(kept(folder)).to.deep.equal([9, 12]);
  });

  it('and besides the newest from before the current visit', async () => {
    const seen: number[][] = [];
    const { training, folder } = await train({
      policy: { everySteps: 1, minMs: 0, keep: 1 },
      onWritten: () => {
        seen.push(kept(folder));
      },
    });
    await training;
    // Pruning comes after the news. The one after batch 3 is the last of visit 1: 2 is kept for it, until visit 2 is under way.
    expect(seen).to.deep.equal([
      [1],
      [1, 2],
      [2, 3],
      [2, 3, 4],
      [3, 4, 5],
      [3, 5, 6],
      [3, 6, 7],
      [6, 7, 8],
      [6, 8, 9],
      [8, 9, 10],
      [9, 10, 11],
      [9, 11, 12],
    ]);
  });

  it('and between two turns the newest from before the one that is over', async () => {
    const seen: number[][] = [];
    const { training, folder } = await train({
      policy: { ...policy, keep: 1 },
      onWritten: () => {
        seen.push(kept(folder));
      },
    });
    await training;
    // Before pruning: visits end after 2, 3, 6, 8, 9 and 12 batches, and each begins where the one before ended.
    expect(seen).to.deep.equal([[2], [2, 3], [2, 3, 6], [3, 6, 8], [6, 8, 9], [8, 9, 12]]);
  });

  it('and where clients test their own rows the newest from before the round that is over or under way', async () => {
    const seen: number[][] = [];
    const { training, folder } = await train({
      hasOwnTests: true,
      policy: { ...policy, keep: 1 },
      onWritten: () => {
        seen.push(kept(folder));
      },
    });
    await training;
    // The second round begins after 6 batches.
    expect(seen).to.deep.equal([[2], [2, 3], [3, 6], [6, 8], [6, 8, 9], [6, 9, 12]]);
  });

  it('after an interrupt takes one at once, whatever the policy, and stops', async () => {
    const { training, taken, folder } = await train({ policy: { ...policy, minMs: 1e9 } }, { signalAt: 5 });
    const error = await rejection(training, InterruptedError, 'ERR_INTERRUPTED');
    // Asked after batch 1, 2, the visit, 3, the visit.
    expect(error.message).to.equal('Stopped by SIGTERM after 3 batches.');
    expect(error.details).to.deep.equal({ signal: 'SIGTERM', steps: 3 });
    expect(taken).to.deep.equal([3]);
    const found = await newestCheckpoint(
      folder,
      () => true,
      requireFiles,
      () => undefined,
    );
    expect(found).to.deep.include({ steps: 3, ...someFacts });
  });

  it('after an interrupt at the batch of the last checkpoint takes none', async () => {
    // Asked after batch 1, 2, the visit, 3: the next time is the end of the visit.
    const { training, taken } = await train({}, { signalAt: 4 });
    await rejection(training, InterruptedError, 'ERR_INTERRUPTED');
    expect(taken).to.deep.equal([2, 3]);
    const resumed = await train({}, { signalAt: 1 });
    await rejection(resumed.training, InterruptedError, 'ERR_INTERRUPTED');
    expect(resumed.taken).to.deep.equal([1]);
    expect(existsSync(resumed.folder)).to.equal(true);
  });

  it('knows what lies before a turn', () => {
    const start = startOf([{ round: 0, firstStep: 0, numSteps: 1, visits: [] }], 1);
    const at = (turn: number, stepsInTurn: number) => ({ ...start, turn, stepsInTurn });
    expect(isBefore(at(2, 0), 2)).to.equal(true);
    expect(isBefore(at(1, 5), 2)).to.equal(true);
    expect(isBefore(at(2, 1), 2)).to.equal(false);
    expect(isBefore(at(3, 0), 2)).to.equal(false);
  });
});
