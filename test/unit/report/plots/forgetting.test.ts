import { expect } from 'chai';
import { forgettingPlot } from '../../../../src/report/plots/forgetting.js';
import { drawable, svgOf } from '../../../support/plots_drawn.js';
import { madeRun } from '../../../support/plots_run.js';
import { marks, sizeOf, texts } from '../../../support/plots_svg.js';

describe('forgettingPlot', () => {
  it('has a line a test and a column a client, and marks who was visited', async () => {
    const svg = await svgOf(forgettingPlot(madeRun({ numClients: 3, numRounds: 2 })));
    // 6 tests of 3 clients, and an outline a test.
    expect(marks(svg, 'rect')).to.have.length(6 * 3 + 6);
    expect(marks(svg, 'text')).to.have.length(6 * 3);
    expect(texts(svg)).to.include.members(['round 1, client 0', 'round 2, client 2', 'accuracy']);
  });

  it('names only rounds where lines are low, and stays on a page: 20 clients, 100 tests', async () => {
    const plot = forgettingPlot(madeRun({ numClients: 20, numRounds: 5 }));
    const svg = await svgOf(plot);
    expect(marks(svg, 'rect')).to.have.length(100 * 20 + 100);
    expect(marks(svg, 'text')).to.have.length(0);
    expect(texts(svg).filter((text) => text.startsWith('round '))).to.deep.equal(
      [1, 2, 3, 4, 5].map((round) => `round ${round}`),
    );
    expect(sizeOf(svg)[1]).to.be.below(800);
    expect(drawable(plot).caption).not.to.include('Only some');
  });

  it('shows evenly spaced rounds of a long run, the first and the last among them, and says so', async () => {
    const plot = forgettingPlot(madeRun({ numClients: 4, numRounds: 100 }));
    expect(drawable(plot).caption).to.include('Only some of the rounds are shown.');
    const rounds = texts(await svgOf(plot)).flatMap((text) => /^round (\d+)$/.exec(text)?.[1] ?? []);
    // 120 lines hold 30 rounds of 4.
    expect(rounds).to.have.length(30);
    expect([rounds[0], rounds.at(-1)]).to.deep.equal(['1', '100']);
  });

  it('leaves cells empty of which the test rows tell nothing, and says so', async () => {
    const run = madeRun({ numClients: 2, numRounds: 1 });
    const { forgetting } = run.evaluations;
    const accuracy = [
      [0.5, null],
      [0.25, null],
    ];
    const evaluations = { ...run.evaluations, forgetting: forgetting && { ...forgetting, accuracy } };
    const plot = forgettingPlot({ ...run, evaluations });
    // Two cells, and one outline: that of client 1 has no cell.
    expect(marks(await svgOf(plot), 'rect')).to.have.length(3);
    expect(drawable(plot).caption).to.include('An empty cell');
    expect(drawable(forgettingPlot(run)).caption).not.to.include('An empty cell');
  });

  it('is left out where it was not measured, with a reason unless the evaluation has one', () => {
    const run = madeRun();
    const without = (notes: readonly string[]) => ({
      ...run,
      evaluations: { ...run.evaluations, forgetting: null, notes },
    });
    expect(forgettingPlot(without(['It is off.']))).to.deep.equal({ leftOut: null });
    expect(forgettingPlot(without([]))).to.deep.equal({
      leftOut: 'Forgetting matrix: no test for it was due.',
    });
  });

  it('is left out for a single client', () => {
    expect(forgettingPlot(madeRun({ numClients: 1 }))).to.deep.equal({
      leftOut: 'Forgetting matrix: with one client there is nobody to forget.',
    });
  });
});
