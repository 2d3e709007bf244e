import { expect } from 'chai';
import fc from 'fast-check';
import {
  fitsSchedule,
  isProgress,
  rowsDone,
  startOf,
  stepDone,
  stepsDone,
  turnBegun,
  turnDone,
} from '../../../src/server/progress.js';
import { scheduleOf } from '../../../src/server/schedule.js';
import { parallel } from '../../../src/server/schemes/parallel.js';
import { sequential } from '../../../src/server/schemes/sequential.js';
import { emptyTally } from '../../../src/core/tally.js';

const options = {
  numEpochs: 2,
  localEpochs: 1,
  batchSize: 4,
  shardSizes: [6, 4],
  clientFraction: 1,
  seed: 0,
  maxSteps: 0,
  skippedVisits: [],
};
/** Visits of 2, 1, 2 and 1 batches. */
const schedule = scheduleOf({ ...options, scheme: sequential });
/** Turns of 3 batches: the first local step has two of them, the second one. */
const sideBySide = scheduleOf({ ...options, scheme: parallel });
const start = startOf(schedule, 2);
const tally = { rows: 6, lossSum: 1.5, numCorrect: 3 };
const report = { loss: 0.5, accuracy: 0.75, weighted_f1: 0.7 };
const full = {
  ...start,
  turn: 2,
  stepsInTurn: 1,
  holders: [0],
  holder: 0,
  inTurn: [tally],
  newest: report,
  reports: [report, null],
  forgetting: [{ type: 'forgetting', round: 0, client: 1, steps: 3, class_accuracy: [0.5, null] }],
};

describe('Progress', () => {
  it('starts with a head at nobody', () => {
    expect(start).to.deep.include({
      round: 0,
      turn: 0,
      stepsInTurn: 0,
      holders: [],
      holder: null,
      newest: null,
    });
    expect(start.inTurn).to.deep.equal([]);
    expect(turnBegun(start, sideBySide[0]).inTurn).to.deep.equal([emptyTally, emptyTally]);
    expect(startOf(schedule.slice(2), 2).round).to.equal(1);
    expect(start.reports).to.deep.equal([null, null]);
  });

  it('counts batches, before the first turn, inside one, and after the last', () => {
    const at = (turn: number, stepsInTurn = 0) => stepsDone(schedule, { ...start, turn, stepsInTurn });
    expect([at(0), at(0, 1), at(1), at(2), at(2, 1), at(3), at(4)]).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
  });

  it('a batch counts for its visit, and its rows for all', () => {
    const one = stepDone(turnBegun(startOf(sideBySide, 2), sideBySide[0]), 1, tally);
    expect(one).to.deep.include({ stepsInTurn: 1, inTurn: [emptyTally, tally], inRound: emptyTally });
    const two = stepDone(stepDone({ ...one, inAll: tally }, 1, tally), 0, tally);
    expect(two.inTurn).to.deep.equal([tally, { rows: 12, lossSum: 3, numCorrect: 6 }]);
    expect(rowsDone(two)).to.equal(6 + 6 + 12);
  });

  it('a turn that is done counts in its round and in all; what was tested before is not the newest any more', () => {
    const before = {
      ...start,
      stepsInTurn: 2,
      inTurn: [
        { rows: 4, lossSum: 1, numCorrect: 1 },
        { rows: 2, lossSum: 0.5, numCorrect: 2 },
      ],
      inAll: tally,
      newest: report as never,
    };
    const after = turnDone(before);
    expect(after).to.deep.include({ turn: 1, stepsInTurn: 0, newest: null, inRound: tally });
    expect(after.inTurn).to.deep.equal([]);
    expect(after.inAll).to.deep.equal({ rows: 12, lossSum: 3, numCorrect: 6 });
  });

  it('from a file is taken where every field is what it should be', () => {
    for (const good of [start, full]) expect(isProgress(JSON.parse(JSON.stringify(good)))).to.equal(true);
    const bad: readonly object[] = [
      { round: -1 },
      { turn: 0.5 },
      { stepsInTurn: '1' },
      { holders: null },
      { holders: [0, -1] },
      { holder: undefined },
      { holder: 2 ** 53 },
      { inTurn: null },
      { inTurn: tally },
      { inTurn: [null] },
      { inRound: { rows: 1, lossSum: '1', numCorrect: 0 } },
      { inAll: [] },
      { newest: undefined },
      { newest: { loss: 1, accuracy: 1 } },
      { reports: {} },
      { reports: [1] },
      { forgetting: null },
      { forgetting: [{ ...full.forgetting[0], class_accuracy: 1 }] },
      { forgetting: [{ ...full.forgetting[0], class_accuracy: ['1'] }] },
      { forgetting: [{ ...full.forgetting[0], steps: null }] },
    ];
    for (const change of bad)
      expect(isProgress({ ...full, ...change }), JSON.stringify(change)).to.equal(false);
    for (const other of [null, undefined, 1, 'text', [], {}]) expect(isProgress(other)).to.equal(false);
  });

  it('must be one that its schedule can reach', () => {
    const under = { holders: [0], holder: 0, inTurn: [emptyTally] };
    const fits = (change: object, numClients = 2) =>
      fitsSchedule({ ...start, ...change }, schedule, numClients);
    expect(fits({})).to.equal(true);
    expect(fits({ turn: 2, stepsInTurn: 2, ...under })).to.equal(true);
    // The hand-over to the next turn's client is still to come.
    expect(fits({ turn: 1, holders: [0], holder: 0 })).to.equal(true);
    expect(fits({ turn: 4, holders: [1], holder: 1 })).to.equal(true);
    expect(fits({ turn: 5 })).to.equal(false);
    expect(fits({ turn: 4, stepsInTurn: 1 })).to.equal(false);
    expect(fits({ stepsInTurn: 3, ...under })).to.equal(false);
    expect(fits({ holders: [2] })).to.equal(false);
    expect(fits({ holders: [0], holder: 1 })).to.equal(false);
    expect(fits({ stepsInTurn: 1, ...under, holders: [], holder: null })).to.equal(false);
    expect(fits({ stepsInTurn: 1, ...under, holders: [1], holder: 1 })).to.equal(false);
    expect(fits({ stepsInTurn: 1, ...under, inTurn: [] })).to.equal(false);
    expect(fits({ inTurn: [emptyTally] })).to.equal(false);
    expect(fits({}, 3)).to.equal(false);
  });

  it('at the end of a run fits one that was made longer', () => {
    const done = { ...start, round: 1, turn: 4, holders: [1], holder: 1 };
    const longer = scheduleOf({ ...options, scheme: sequential, numEpochs: 3 });
    expect(fitsSchedule(done, longer, 2)).to.equal(true);
  });

  it('where clients train side by side, must be between two local steps', () => {
    const begun = turnBegun(startOf(sideBySide, 2), sideBySide[0]);
    const fits = (stepsInTurn: number, holders = [0, 1]) =>
      fitsSchedule({ ...begun, stepsInTurn, holders }, sideBySide, 2);
    expect([1, 2, 3, 4].map((steps) => fits(steps))).to.deep.equal([false, true, true, false]);
    expect(fits(2, [0])).to.equal(false);
  });

  it('is told from any other JSON without a failure', () => {
    const part = fc.oneof(fc.jsonValue(), fc.constantFrom(...Object.values(full)));
    const any = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...Object.keys(full)), part));
    fc.assert(
      fc.property(any, (value) => {
        const isOne = isProgress(value);
        expect(isOne).to.be.a('boolean');
        if (isOne) expect(fitsSchedule(value, schedule, 2)).to.be.a('boolean');
      }),
      { numRuns: 1000 },
    );
  });
});
