import { expect } from 'chai';
import { progressBars } from '../../../src/report/progress_bar.js';
import { FakeTerminal } from '../../support/link_reports.js';

describe('progressBars', () => {
  it('draw how much is done on a terminal', () => {
    const terminal = new FakeTerminal(true);
    const task = progressBars(terminal).begin('fetching pictures', 4_000_000, 'bytes');
    task.advance(1_000_000);
    task.advance(2_000_000);
    task.end();
    expect(terminal.text).to.match(/fetching pictures .* 75%  3\.0 MB/);
  });

  it('draw no bar where the whole is not known', () => {
    const terminal = new FakeTerminal(true);
    const task = progressBars(terminal).begin('reading', 0, 'rows');
    task.advance(12);
    task.end();
    expect(terminal.text).to.match(/reading {2}12 rows/);
    expect(terminal.text).not.to.include('%');
  });

  it('are one line where there is no terminal', () => {
    const terminal = new FakeTerminal(false);
    const task = progressBars(terminal).begin('reading', 100, 'rows');
    task.advance(100);
    task.end();
    expect(terminal.text).to.equal('reading\n');
  });
});
