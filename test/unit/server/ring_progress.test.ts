import { expect } from 'chai';
import fc from 'fast-check';
import {
  fitsSchedule,
  isRingProgress,
  startOfRing,
  stepsDone,
  visitDone,
} from '../../../src/server/ring_progress.js';
import { ringSchedule } from '../../../src/server/ring_schedule.js';

/** Visits of 2, 1, 2 and 1 batches. */
const schedule = ringSchedule({
  numEpochs: 2,
  localEpochs: 1,
  batchSize: 4,
  shardSizes: [6, 4],
  maxSteps: 0,
  skippedVisits: [],
});
const start = startOfRing(schedule, 2);
const tally = { rows: 6, lossSum: 1.5, numCorrect: 3 };
const report = { loss: 0.5, accuracy: 0.75, weighted_f1: 0.7 };
const full = {
  ...start,
  visit: 2,
  stepsInVisit: 1,
  inVisit: tally,
  newest: report,
  reports: [report, null],
  forgetting: [{ type: 'forgetting', round: 0, client: 1, steps: 3, class_accuracy: [0.5, null] }],
};

describe('RingProgress', () => {
  it('starts with the head at the first client of the schedule', () => {
    expect(start).to.deep.include({ round: 0, visit: 0, stepsInVisit: 0, holder: 0, newest: null });
    const later = startOfRing(schedule.slice(1), 2);
    expect(later.holder).to.equal(1);
    expect(start.reports).to.deep.equal([null, null]);
  });

  it('counts batches, before the first visit, inside one, and after the last', () => {
    const at = (visit: number, stepsInVisit = 0) => stepsDone(schedule, { ...start, visit, stepsInVisit });
    expect([at(0), at(0, 1), at(1), at(2), at(2, 1), at(3), at(4)]).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
  });

  it('a visit that is done counts in its round and in all; what was tested before is not the newest any more', () => {
    const after = visitDone({
      ...start,
      stepsInVisit: 2,
      inVisit: tally,
      inAll: tally,
      newest: report as never,
    });
    expect(after).to.deep.include({ visit: 1, stepsInVisit: 0, newest: null, inRound: tally });
    expect(after.inVisit.rows).to.equal(0);
    expect(after.inAll).to.deep.equal({ rows: 12, lossSum: 3, numCorrect: 6 });
  });

  it('from a file is taken where every field is what it should be', () => {
    for (const good of [start, full]) expect(isRingProgress(JSON.parse(JSON.stringify(good)))).to.equal(true);
    const bad: readonly object[] = [
      { round: -1 },
      { visit: 0.5 },
      { stepsInVisit: '1' },
      { holder: null },
      { holder: 2 ** 53 },
      { inVisit: null },
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
      expect(isRingProgress({ ...full, ...change }), JSON.stringify(change)).to.equal(false);
    for (const other of [null, undefined, 1, 'text', [], {}]) expect(isRingProgress(other)).to.equal(false);
  });

  it('must be one that its schedule can reach', () => {
    const fits = (change: object, numClients = 2) =>
      fitsSchedule({ ...start, ...change }, schedule, numClients);
    expect(fits({})).to.equal(true);
    expect(fits({ visit: 2, stepsInVisit: 2 })).to.equal(true);
    // The hand-over to the next visit's client is still to come.
    expect(fits({ visit: 1, holder: 0 })).to.equal(true);
    expect(fits({ visit: 4, holder: 1 })).to.equal(true);
    expect(fits({ visit: 5 })).to.equal(false);
    expect(fits({ visit: 4, stepsInVisit: 1 })).to.equal(false);
    expect(fits({ stepsInVisit: 3 })).to.equal(false);
    expect(fits({ holder: 2 })).to.equal(false);
    expect(fits({ stepsInVisit: 1, holder: 1 })).to.equal(false);
    expect(fits({}, 3)).to.equal(false);
  });

  it('is told from any other JSON without a failure', () => {
    const part = fc.oneof(fc.jsonValue(), fc.constantFrom(...Object.values(full)));
    const any = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...Object.keys(full)), part));
    fc.assert(
      fc.property(any, (value) => {
        const isOne = isRingProgress(value);
        expect(isOne).to.be.a('boolean');
        if (isOne) expect(fitsSchedule(value, schedule, 2)).to.be.a('boolean');
      }),
      { numRuns: 1000 },
    );
  });
});
