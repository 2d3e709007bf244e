import { expect } from 'chai';
import { watchInterrupts, type Interrupts } from '../../../src/cli/interrupts.js';

describe('watchInterrupts', () => {
  let interrupts: Interrupts;
  let killed: unknown[][];
  let said: string;
  const { kill } = process;
  const write = process.stderr.write.bind(process.stderr);

  beforeEach(() => {
    killed = [];
    said = '';
    process.kill = (...args: unknown[]) => {
      killed.push(args);
      return true;
    };
    process.stderr.write = (text: unknown) => ((said += String(text)), true);
    interrupts = watchInterrupts();
  });
  afterEach(() => {
    interrupts.end();
    process.kill = kill;
    process.stderr.write = write;
  });

  it('tells of nothing before a signal comes', () => {
    expect(interrupts.interruptedBy()).to.equal(undefined);
    expect(said).to.equal('');
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`keeps the first ${signal}, and says what happens`, () => {
      process.emit(signal, signal);
      expect(interrupts.interruptedBy()).to.equal(signal);
      expect(said).to.equal(
        `\n${signal}: the batch is finished and a checkpoint written; once more ends at once, also where a client hangs\n`,
      );
      expect(killed).to.deep.equal([]);
    });
  }

  it('ends the process at the second one, whichever it is, without waiting for a thread', () => {
    process.emit('SIGINT', 'SIGINT');
    process.emit('SIGTERM', 'SIGTERM');
    expect(killed).to.deep.equal([[process.pid, 'SIGKILL']]);
  });

  it('gives the signals back', () => {
    const before = process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');
    interrupts.end();
    expect(process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')).to.equal(before - 2);
  });
});
