import { expect } from 'chai';
import { startOf } from '../../../src/server/progress.js';
import { testersAfter, testersOf } from '../../../src/server/testers.js';
import { threeRounds } from '../../support/schedules.js';

describe('testersAfter', () => {
  it('those that took part in the round, in one turn or several', () => {
    const skipped = { skippedVisits: ['1@0'] };
    expect(testersAfter(threeRounds('splitfed_v1', skipped), 1)).to.deep.equal([0, 2]);
    expect(testersAfter(threeRounds('sequential', skipped), 2)).to.deep.equal([0, 2]);
    expect(testersAfter(threeRounds('sequential', skipped), 5)).to.deep.equal([0, 1, 2]);
  });

  it('at the end all whose last visit took place, drawn in the last round or not', () => {
    const schedule = threeRounds('splitfed_v1', { clientFraction: 0.4 });
    const drawn = schedule.map(({ visits }) => visits[0].client);
    expect(new Set(drawn).size).to.be.above(1);
    expect(testersAfter(schedule, 2)).to.deep.equal([drawn[1]]);
    expect(testersAfter(schedule, 3)).to.deep.equal([...new Set(drawn)].sort());
    expect(testersAfter(threeRounds('splitfed_v1', { skippedVisits: ['1@2'] }), 3)).to.deep.equal([0, 2]);
  });

  it('where a whole round is left out at the end, those of the one before', () => {
    const schedule = threeRounds('splitfed_v1', { skippedVisits: ['0@2', '1@2', '2@2', '2@1'] });
    expect(testersAfter(schedule, 2)).to.deep.equal([0, 1]);
  });
});

describe('testersOf', () => {
  const schedule = threeRounds('splitfed_v1');
  const progress = { ...startOf(schedule, 3), turn: 1 };

  it('one head: its holder; of rows of their own, all that took part', () => {
    const held = { ...progress, holder: 2, holders: [2] };
    expect(testersOf({ schedule, hasOwnTests: false }, held)).to.deep.equal([2]);
    expect(testersOf({ schedule, hasOwnTests: true }, held)).to.deep.equal([0, 1, 2]);
  });

  it('heads of their own: all that have one', () => {
    for (const hasOwnTests of [false, true])
      expect(testersOf({ schedule, hasOwnTests }, { ...progress, holders: [0, 1] })).to.deep.equal([0, 1]);
  });
});
