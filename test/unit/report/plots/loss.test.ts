import { expect } from 'chai';
import { lossPlot } from '../../../../src/report/plots/loss.js';
import { palette } from '../../../../src/report/plots/theme.js';
import { drawable, svgOf } from '../../../support/plots_drawn.js';
import { madeRun } from '../../../support/plots_run.js';
import { marks, texts } from '../../../support/plots_svg.js';

interface Point {
  readonly step: number;
  readonly loss: number;
  readonly client: number;
}

/** The points of the faint and of the strong lines. */
function points(run: ReturnType<typeof madeRun>): readonly (readonly Point[])[] {
  const { spec } = drawable(lossPlot(run)) as unknown as {
    spec: { layer: readonly { data: { values: readonly Point[] } }[] };
  };
  return spec.layer.map(({ data }) => data.values);
}

describe('lossPlot', () => {
  it('draws a faint and a strong line a visit, in the colours of the clients', async () => {
    const svg = await svgOf(lossPlot(madeRun({ numClients: 3, numRounds: 2 })));
    expect(marks(svg, 'line')).to.have.length(2 * 3 * 2);
    for (const color of palette.slice(0, 3))
      expect(svg.match(new RegExp(`stroke="${color}"`, 'g'))).to.have.length.of.at.least(4);
    expect(texts(svg)).to.include.members(['client', '0', '1', '2', 'step (batches trained)']);
  });

  it('shows every batch of a short run, by its client', () => {
    const run = madeRun({ numClients: 2, numRounds: 2, stepsPerVisit: 3 });
    const [batches, means] = points(run);
    expect(batches.map(({ step }) => step)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(batches.map(({ loss }) => loss)).to.deep.equal(run.losses);
    expect(batches.map(({ client }) => client)).to.deep.equal([0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]);
    expect(means).to.have.length(12);
  });

  it('stays small for a long run', async () => {
    const run = madeRun({ numClients: 4, numRounds: 5, stepsPerVisit: 5000 });
    for (const layer of points(run)) expect(layer.length).to.be.at.most(1600);
    expect((await svgOf(lossPlot(run))).length).to.be.below(200_000);
  });

  it('shows means of visits by client where there are many visits', async () => {
    const run = madeRun({ numClients: 3, numRounds: 40, stepsPerVisit: 2 });
    const [batches, means] = points(run);
    expect(batches).to.have.length(240);
    expect(means.filter(({ client }) => client === 1).map(({ loss }) => loss)).to.deep.equal(
      run.visits.filter(({ client }) => client === 1).map(({ loss }) => loss),
    );
    // One of all batches, one a client.
    expect(marks(await svgOf(lossPlot(run)), 'line')).to.have.length(4);
  });

  it('has a scale of colours, and no list of names, for many clients', async () => {
    const svg = await svgOf(lossPlot(madeRun({ numClients: 30, numRounds: 1 })));
    expect(svg).to.include('<linearGradient');
    expect(texts(svg)).to.include.members(['client', '0', '20']);
    expect(texts(svg)).not.to.include('28');
  });

  it('has a logarithmic axis where the loss falls far, and an even one where it does not, or is 0', async () => {
    const isLogarithmic = async (losses: readonly number[]) => {
      const run = madeRun({ numClients: 1, numRounds: 1, stepsPerVisit: losses.length });
      return texts(await svgOf(lossPlot({ ...run, losses }))).some((text) => text.includes('log scale'));
    };
    expect(await isLogarithmic([3, 3, 3, 3, 0.1, 0.1, 0.1, 0.1])).to.equal(true);
    expect(await isLogarithmic([3, 3, 3, 3, 1, 1, 1, 1])).to.equal(false);
    expect(await isLogarithmic([3, 3, 3, 3, 0, 0, 0, 0])).to.equal(false);
  });

  it('says where its axis ends, only where batches are below', () => {
    const captionOf = (losses: readonly number[]) => {
      const run = madeRun({ numClients: 1, numRounds: 1, stepsPerVisit: losses.length });
      return drawable(lossPlot({ ...run, losses })).caption;
    };
    // Means of two batches: 3, 3, ..., the last 0.055; half of that is 0.03.
    expect(captionOf([3, 3, 3, 3, 0.1, 0.1, 0.1, 0.01])).to.match(
      / The axis ends at 0\.03: batches with less loss are drawn there\.$/,
    );
    for (const last of [0.1, 1])
      expect(captionOf([3, 3, 3, 3, last, last, last, last])).not.to.include('The axis ends');
  });

  it('is left out for a single batch', () => {
    const run = madeRun({ numClients: 1, numRounds: 1, stepsPerVisit: 1 });
    expect(lossPlot(run)).to.deep.equal({ leftOut: 'Loss by step: there is only one batch.' });
  });
});
