import { expect } from 'chai';
import { comparisonDisplay } from '../../../../src/report/comparison/display.js';
import { madeComparison } from '../../../support/comparison.js';
import { FakeTerminal } from '../../../support/link_reports.js';

const { cells } = madeComparison();
const [run] = cells[0].runs;
const shown = (isTerminal: boolean) => {
  const [out, bars] = [new FakeTerminal(isTerminal), new FakeTerminal(isTerminal)];
  const display = comparisonDisplay(out, bars, { total: 5, done: 2 });
  display.begun(cells[0], run);
  display.ended(cells[0], run);
  display.ended(cells[0], { ...run, status: 'failed', why_failed: 'It fell over.', results: null });
  display.ended(cells[0], { ...run, status: 'interrupted', results: null });
  display.ended(cells[0], { ...run, results: { ...run.results!, wall_seconds: null } });
  display.stop();
  return { out: out.text, bars: bars.text };
};
const lines = [
  '[3/5] n_workers 2, cut pool1, seed 0: accuracy 0.9000, 4.0 s',
  '[4/5] n_workers 2, cut pool1, seed 0: failed: It fell over.',
  '[5/5] n_workers 2, cut pool1, seed 0: accuracy 0.9000',
];

describe('comparisonDisplay', () => {
  it('prints a line a run where there is no terminal, and no bar', () => {
    expect(shown(false)).to.deep.equal({ out: `${lines.join('\n')}\n`, bars: '' });
  });

  it('draws a bar over all runs on a terminal, with the lines above it', () => {
    const { out, bars } = shown(true);
    expect(out).to.equal('');
    for (const line of lines) expect(bars).to.include(line);
    expect(bars).to.include('2/5 runs').and.include('5/5 runs');
  });
});
