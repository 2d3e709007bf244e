import { expect } from 'chai';
import { StorageError } from '../../../src/core/errors.js';
import type { Sink } from '../../../src/report/sink.js';
import { Sinks } from '../../../src/report/sinks.js';
import { rejection, thrown } from '../../support/link_errors.js';
import { runInfo, runSummary, stepEvent } from '../../support/link_reports.js';

describe('Sinks', () => {
  let told: string[];
  let dropped: string[];
  beforeEach(() => {
    told = [];
    dropped = [];
  });

  const sink = (name: string, change: Partial<Sink> = {}): Sink => ({
    name,
    isEssential: false,
    start: () => void told.push(`${name} start`),
    event: ({ type }) => void told.push(`${name} ${type}`),
    end: () => void told.push(`${name} end`),
    close: () => void told.push(`${name} close`),
    ...change,
  });
  const open = (...sinks: readonly Sink[]) => new Sinks(sinks, (message) => dropped.push(message));
  const failing = () => {
    throw new Error('disk full');
  };
  const tellEvent = (sinks: Sinks) => {
    sinks.tell((each) => each.event?.(stepEvent));
  };

  it('tells all of them in order, and closes them in reverse', async () => {
    const sinks = open(sink('a'), sink('b'));
    sinks.tell((each) => each.start?.(runInfo));
    tellEvent(sinks);
    sinks.tell((each) => each.end?.(runSummary));
    await sinks.close();
    expect(told).to.deep.equal([
      'a start',
      'b start',
      'a step',
      'b step',
      'a end',
      'b end',
      'b close',
      'a close',
    ]);
    expect(dropped).to.deep.equal([]);
  });

  it('drops one that fails, says so once, and tells the others', async () => {
    const sinks = open(sink('a', { event: failing }), sink('b'));
    tellEvent(sinks);
    tellEvent(sinks);
    sinks.tell((each) => each.end?.(runSummary));
    await sinks.close();
    expect(dropped).to.deep.equal(['a failed and is left out from here on: disk full']);
    // Closed all the same: what it holds is freed.
    expect(told).to.deep.equal(['b step', 'b step', 'b end', 'b close', 'a close']);
  });

  it('stops at an essential one that fails, with what to do', async () => {
    const sinks = open(sink('metrics.jsonl', { isEssential: true, event: failing }), sink('b'));
    const error = thrown(
      () => {
        tellEvent(sinks);
      },
      StorageError,
      'ERR_ESSENTIAL_SINK',
    );
    expect(error.message).to.match(/^Cannot write metrics\.jsonl: disk full\. .*`output_dir`\.$/);
    expect(error.details).to.deep.equal({ sink: 'metrics.jsonl' });
    expect(dropped).to.deep.equal([]);
    await sinks.close();
    expect(told).to.deep.equal(['b close', 'metrics.jsonl close']);
  });

  it('closes all of them, though one cannot be closed', async () => {
    const sinks = open(sink('a'), sink('b', { close: () => Promise.reject(new Error('busy')) }), sink('c'));
    await sinks.close();
    expect(told).to.deep.equal(['c close', 'a close']);
    expect(dropped).to.deep.equal(['b failed and is left out from here on: busy']);
  });

  it('closes all of them before an essential one that cannot be closed stops the run', async () => {
    const sinks = open(sink('a'), sink('b', { isEssential: true, close: failing }), sink('c'));
    const error = await rejection(sinks.close(), StorageError, 'ERR_ESSENTIAL_SINK');
    expect(error.details).to.deep.equal({ sink: 'b' });
    expect(told).to.deep.equal(['c close', 'a close']);
  });

  it('asks nothing of a sink that hears nothing', async () => {
    const sinks = open({ name: 'deaf', isEssential: true });
    tellEvent(sinks);
    await sinks.close();
    expect(dropped).to.deep.equal([]);
  });
});
