import { expect } from 'chai';
import type { TrainEvent } from '../../../src/core/events.js';
import { bannerOf, closingOf } from '../../../src/report/banner.js';
import { consoleSink } from '../../../src/report/console.js';
import {
  evaluationEvent,
  FakeTerminal,
  roundEvent,
  runInfo,
  runSummary,
  stepEvent,
  visitEvent,
} from '../../support/link_reports.js';

const handOver: TrainEvent = {
  type: 'hand_over',
  round: 0,
  steps: 2,
  from: 0,
  to: 1,
  sha256: 'ab',
  bytes: 8,
};

describe('consoleSink', () => {
  const tell = async (terminal: FakeTerminal, events: readonly TrainEvent[], isEnded = true) => {
    const sink = consoleSink(terminal);
    sink.start?.(runInfo);
    for (const event of events) sink.event?.(event);
    if (isEnded) sink.end?.(runSummary);
    await sink.close?.();
    return terminal.text;
  };

  it('is not essential', () => {
    expect(consoleSink(new FakeTerminal(false)).isEssential).to.equal(false);
  });

  it('prints plain lines where it is no terminal: one a visit and one a round', async () => {
    const events = [stepEvent, stepEvent, visitEvent, handOver, evaluationEvent, roundEvent];
    const text = await tell(new FakeTerminal(false), events);
    const [banner, closing] = [`${bannerOf(runInfo)}\n`, `${closingOf(runSummary)}\n`];
    expect(text.startsWith(banner)).to.equal(true);
    expect(text.endsWith(closing)).to.equal(true);
    const lines = text.slice(banner.length, -closing.length).split('\n');
    expect(lines).to.have.length(3);
    expect(lines[0]).to.match(
      /^ {2}client 1 {2}30 rows {2}loss 1\.2500 {2}accuracy 0\.5000 {2}\d+ samples\/s {2}\d+:\d\d left$/,
    );
    expect(lines[1]).to.equal('round 1/3  train loss 1.5000  test loss 0.7500  test accuracy 0.6250');
    expect(lines[2]).to.equal('');
    expect(text).to.match(/^[\n\x20-\x7e]*$/);
  });

  it('draws a bar on a terminal, with loss, accuracy, pace and time left, and the rounds above it', async () => {
    const steps = Array.from({ length: 12 }, () => stepEvent);
    const terminal = new FakeTerminal(true);
    const text = await tell(terminal, [...steps, visitEvent, roundEvent]);
    expect(text).to.match(/100% {2}loss 2\.500 {2}accuracy 0\.20 {2}\d+ samples\/s {2}0:00 left/);
    expect(text).to.include('round 1/3  train loss 1.5000');
    expect(text).not.to.include('client 1  30 rows');
    expect(text.endsWith(`${closingOf(runSummary)}\n`)).to.equal(true);
  });

  it('leaves no timer and no listener behind, when the run fails too', async () => {
    const numTimers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const numListeners = () => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');
    await Promise.resolve();
    const before = [numTimers(), numListeners()];
    await tell(new FakeTerminal(true), [stepEvent], false);
    expect([numTimers(), numListeners()]).to.deep.equal(before);
  });

  it('writes nothing before the start', () => {
    const terminal = new FakeTerminal(true);
    consoleSink(terminal);
    expect(terminal.text).to.equal('');
  });
});
