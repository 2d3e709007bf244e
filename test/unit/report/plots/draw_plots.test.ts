import { expect } from 'chai';
import { drawPlots } from '../../../../src/report/plots/draw_plots.js';
import { madeRun } from '../../../support/plots_run.js';
import { sizeOf } from '../../../support/plots_svg.js';

describe('drawPlots', () => {
  const { warn } = console;
  const warnings: unknown[] = [];
  before(() => {
    // vega-lite tells there what it does not like of a plot.
    console.warn = (...words) => warnings.push(words);
  });
  after(() => {
    console.warn = warn;
  });

  it('draws everything of a whole run', async () => {
    const { plots, notes } = await drawPlots(madeRun());
    expect(plots.map(({ name }) => name)).to.deep.equal([
      'loss',
      'accuracy',
      'forgetting',
      'class_counts',
      'confusion',
      'precision_recall',
      'precision_recall_clients',
      'phase_time',
    ]);
    expect(notes).to.deep.equal([]);
  });

  it('leaves out what there are no data for, and says why', async () => {
    const run = madeRun({ numClients: 1, numRounds: 1 });
    const note = 'Clients do not tell their classes.';
    const evaluations = { ...run.evaluations, class_counts: null, forgetting: null, notes: [note] };
    const { plots, notes } = await drawPlots({ ...run, evaluations });
    expect(plots.map(({ name }) => name)).to.deep.equal([
      'loss',
      'confusion',
      'precision_recall',
      'phase_time',
    ]);
    expect(notes.map((text) => text.split(':')[0])).to.deep.equal([
      'Accuracy by round',
      'Precision and recall by client',
    ]);
  });

  for (const made of [
    { numClients: 4, numClasses: 10, numRounds: 5, stepsPerVisit: 40, isSkewed: true },
    { numClients: 60, numClasses: 62, numRounds: 2, stepsPerVisit: 2, isSkewed: true },
  ]) {
    it(`fits a page with ${made.numClients} clients and ${made.numClasses} classes, and has a caption`, async () => {
      for (const { name, svg, title, caption } of (await drawPlots(madeRun(made))).plots) {
        const [width, height] = sizeOf(svg);
        expect(width, name).to.be.within(300, 780);
        expect(height, name).to.be.within(100, 1000);
        expect(svg, name).not.to.match(/NaN|undefined|Infinity/);
        expect(title).to.match(/^[A-Z]/);
        expect(caption).to.match(/\.$/);
      }
    });
  }

  it('writes plots that vega-lite has nothing to say about', () => {
    expect(warnings).to.deep.equal([]);
  });
});
