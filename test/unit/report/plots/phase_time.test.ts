import { expect } from 'chai';
import { phaseTimePlot } from '../../../../src/report/plots/phase_time.js';
import { svgOf } from '../../../support/plots_drawn.js';
import { madeRun } from '../../../support/plots_run.js';
import { marks, texts } from '../../../support/plots_svg.js';

describe('phaseTimePlot', () => {
  it('draws a bar a phase that took time, with seconds and share', async () => {
    const run = madeRun();
    const phase_seconds = { setup: 1, training: 96.5, hand_over: 0, test: 2, forgetting: 0, saving: 0.5 };
    const svg = await svgOf(phaseTimePlot({ ...run, summary: { ...run.summary, phase_seconds } }));
    expect(marks(svg, 'rect')).to.have.length(4);
    const shown = texts(svg);
    expect(shown).to.include.members(['set-up', 'training', 'tests', 'saving', 'wall time (s)']);
    expect(shown).to.include.members(['1.00 s (1%)', '96.5 s (97%)', '2.00 s (2%)', '0.50 s (under 1%)']);
    expect(shown).not.to.include('hand-overs');
  });
});
