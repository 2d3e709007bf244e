import { expect } from 'chai';
import { Speedometer } from '../../../src/report/speed.js';
import { evaluationEvent, roundEvent, stepEvent, visitEvent } from '../../support/link_reports.js';

describe('Speedometer', () => {
  let nowMs = 5000;
  const open = () => new Speedometer(() => nowMs);
  const pass = (ms: number) => (nowMs += ms);

  it('is 0 before anything was trained', () => {
    expect(open().samplesPerSecond).to.equal(0);
  });

  it('is rows over the time from its start to the last event', () => {
    const speed = open();
    pass(500);
    speed.event(stepEvent); // 15 rows in 0.5 s
    expect(speed.samplesPerSecond).to.equal(30);
    pass(1000);
    speed.event({ ...stepEvent, rows: 45 }); // 60 rows in 1.5 s
    expect(speed.samplesPerSecond).to.equal(40);
    pass(60_000); // nothing was told of it
    expect(speed.samplesPerSecond).to.equal(40);
  });

  it('leaves tests out, and counts hand-overs and other events in', () => {
    const speed = open();
    pass(1000);
    speed.event({ ...stepEvent, rows: 60 });
    pass(500);
    speed.event(visitEvent);
    pass(7000);
    speed.event(evaluationEvent);
    pass(500);
    speed.event(roundEvent); // 60 rows in 1 + 0.5 + 0.5 s
    expect(speed.samplesPerSecond).to.equal(30);
  });
});
