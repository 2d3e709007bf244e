import { expect } from 'chai';
import {
  clientPrecisionRecallPlot,
  precisionRecallPlot,
} from '../../../../src/report/plots/precision_recall.js';
import type { RunRecord } from '../../../../src/report/plots/run_record.js';
import { svgOf } from '../../../support/plots_drawn.js';
import { madeRun } from '../../../support/plots_run.js';
import { marks, texts } from '../../../support/plots_svg.js';

/** A run whose classes have these average precisions. */
function runOf(precisions: readonly (number | null)[], micro = 0.5): RunRecord {
  const run = madeRun({ numClasses: precisions.length });
  const { overall } = run.evaluations;
  const classes = precisions.map((average_precision, label) => ({
    ...overall.classes[label],
    average_precision,
  }));
  const curves = {
    ...overall.curves,
    classes: precisions.map((precision, label) =>
      precision === null ? null : overall.curves.classes[label],
    ),
  };
  return {
    ...run,
    evaluations: {
      ...run.evaluations,
      overall: { ...overall, classes, curves, micro_average_precision: micro },
    },
  };
}

/** Legend entries of classes, in their order. */
function entries(svg: string): readonly string[] {
  return texts(svg).filter((text) => text.includes('(AP '));
}

describe('precisionRecallPlot', () => {
  it('draws every class of a few, and all together as the strongest line', async () => {
    const svg = await svgOf(precisionRecallPlot(runOf([0.5, 0.75, 0.625], 0.8)));
    expect(marks(svg, 'line')).to.have.length(4);
    expect(entries(svg)).to.deep.equal([
      '0 (AP 0.500)',
      '1 (AP 0.750)',
      '2 (AP 0.625)',
      'all, micro (AP 0.800)',
    ]);
    expect(svg.match(/stroke="#000000" stroke-width="3"/g)).to.have.length(1);
  });

  it('leaves out a class that no test row has', async () => {
    const plot = precisionRecallPlot(runOf([0.5, null, 0.625]));
    expect(plot.caption).to.include('A class without test rows has no curve.').and.not.to.include('best');
    const svg = await svgOf(plot);
    expect(entries(svg).slice(0, -1)).to.deep.equal(['0 (AP 0.500)', '2 (AP 0.625)']);
  });

  it('tells ten classes apart by five colours and dashes', async () => {
    const svg = await svgOf(precisionRecallPlot(runOf(Array<number>(10).fill(0.5))));
    const styles = [...svg.matchAll(/<g class="mark-line role-mark[^>]*><path [^>]*?(stroke="[^>]*)\/>/g)];
    expect(new Set(styles.map(([, style]) => style)).size).to.equal(11);
  });

  it('draws the three best and the three worst of many, and says so', async () => {
    const precisions = Array.from({ length: 62 }, (_, label) => ((label * 7) % 62) / 100);
    const plot = precisionRecallPlot(runOf(precisions));
    // 7 x 44 = 308 = 4 x 62 + 60: class 44, "i", has 0.60; in the same way 53 x 7 = 371 = 5 x 62 + 61, and so on.
    expect(
      entries(await svgOf(plot))
        .slice(0, -1)
        .map((text) => text.slice(-6, -1)),
    ).to.deep.equal(['0.610', '0.600', '0.590', '0.020', '0.010', '0.000']);
    expect(plot.caption).to.include('3 best').and.to.include('3 worst');
  });

  it('begins its axes where the worst line has something to show, and says so', () => {
    expect(precisionRecallPlot(runOf([0.99, 0.985], 0.99)).caption).to.include('Both axes begin at 0.9.');
    expect(precisionRecallPlot(runOf([0.99, 0.95], 0.99)).caption).to.include('Both axes begin at 0.5.');
    expect(precisionRecallPlot(runOf([0.99, 0.5], 0.99)).caption).not.to.include('begin');
  });
});

describe('clientPrecisionRecallPlot', () => {
  it('draws a line for each client that was tested', async () => {
    const run = madeRun({ numClients: 4 });
    const [first, second, third] = run.evaluations.clients;
    const evaluations = { ...run.evaluations, clients: [first, second, third, null] };
    const svg = await svgOf(clientPrecisionRecallPlot({ ...run, evaluations }));
    expect(marks(svg, 'line')).to.have.length(3);
  });

  it('draws 64 clients', async () => {
    const svg = await svgOf(clientPrecisionRecallPlot(madeRun({ numClients: 64 })));
    expect(marks(svg, 'line')).to.have.length(64);
    expect(svg).to.include('<linearGradient');
  });

  it('is left out where fewer than two were tested', () => {
    const run = madeRun();
    const evaluations = { ...run.evaluations, clients: [run.evaluations.clients[0], null] };
    expect(clientPrecisionRecallPlot({ ...run, evaluations })).to.deep.equal({
      leftOut: 'Precision and recall by client: fewer than two clients were tested.',
    });
  });
});
