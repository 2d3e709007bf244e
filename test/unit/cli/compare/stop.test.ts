import { expect } from 'chai';
import { watchStop, type Stop } from '../../../../src/cli/compare/stop.js';

describe('watchStop', () => {
  let stop: Stop;
  let said: string[];
  let sent: string[];
  const child = { failure: Promise.resolve(null), kill: (signal: string) => void sent.push(signal) };

  beforeEach(() => {
    [said, sent] = [[], []];
    stop = watchStop((line) => said.push(line));
  });
  afterEach(() => stop.end());

  it('tells of nothing before a signal comes', () => {
    stop.attend(child);
    expect(stop.by()).to.equal(undefined);
    expect([said, sent]).to.deep.equal([[], []]);
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    it(`passes ${signal} on as a wish to stop; a second one ends the run at once`, () => {
      stop.attend(child);
      process.emit(signal, signal);
      expect(stop.by()).to.equal(signal);
      expect(sent).to.deep.equal(['SIGINT']);
      process.emit('SIGINT', 'SIGINT');
      expect(sent).to.deep.equal(['SIGINT', 'SIGKILL']);
      expect(stop.by()).to.equal(signal);
      expect(said).to.have.length(1);
    });

  it('passes a signal on to a run that began after it, and to none that is over', () => {
    process.emit('SIGINT', 'SIGINT');
    expect(sent).to.deep.equal([]);
    stop.attend(child);
    expect(sent).to.deep.equal(['SIGINT']);
    stop.attend(undefined);
    process.emit('SIGINT', 'SIGINT');
    expect(sent).to.deep.equal(['SIGINT']);
  });

  it('gives the signals back', () => {
    const count = () =>
      ['SIGINT', 'SIGTERM', 'SIGHUP'].reduce((sum, name) => sum + process.listenerCount(name), 0);
    const before = count();
    stop.end();
    expect(count()).to.equal(before - 3);
  });
});
