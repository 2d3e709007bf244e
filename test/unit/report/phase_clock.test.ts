import { expect } from 'chai';
import { PhaseClock } from '../../../src/report/phase_clock.js';
import { evaluationEvent, stepEvent, visitEvent } from '../../support/link_reports.js';

describe('PhaseClock', () => {
  it('counts the time up to an event as spent on what the event tells of', () => {
    let nowMs = 1000;
    const clock = new PhaseClock(500, () => nowMs);
    clock.endOf('setup');
    for (const event of [stepEvent, visitEvent, evaluationEvent, stepEvent]) {
      nowMs += 250;
      clock.event(event);
    }
    nowMs += 40;
    clock.endOf('saving');
    expect(clock.seconds).to.deep.equal({
      setup: 0.5,
      training: 0.75,
      hand_over: 0,
      test: 0.25,
      forgetting: 0,
      saving: 0.04,
    });
  });
});
