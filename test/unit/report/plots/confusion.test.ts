import { expect } from 'chai';
import { confusionPlot } from '../../../../src/report/plots/confusion.js';
import { svgOf } from '../../../support/plots_drawn.js';
import { madeRun } from '../../../support/plots_run.js';
import { marks, sizeOf, texts } from '../../../support/plots_svg.js';

/** A run whose final confusion matrix is this. */
function runOf(confusion: readonly (readonly number[])[]) {
  const run = madeRun({ numClasses: confusion.length });
  const classes = run.evaluations.overall.classes.map((score, label) => ({
    ...score,
    support: confusion[label].reduce((sum, count) => sum + count, 0),
  }));
  const overall = { ...run.evaluations.overall, classes, confusion };
  return { ...run, evaluations: { ...run.evaluations, overall } };
}

describe('confusionPlot', () => {
  it('shows counts, coloured by their share of the row, and nothing where there is none', async () => {
    const svg = await svgOf(
      confusionPlot(
        runOf([
          [1200, 0],
          [10, 30],
        ]),
      ),
    );
    expect(marks(svg, 'rect')).to.have.length(3);
    expect(texts(svg)).to.include.members(['1,200', '10', '30', 'true class', 'answer', 'share of row']);
    // The whole row is 1, the end of the scale; a quarter is its middle, since the square root of 1/4 is 1/2.
    expect(svg)
      .to.include('fill="rgb(253, 231, 37)"')
      .and.match(/fill="rgb\(33, 14\d, 14\d\)"/);
  });

  it('leaves the row of a class empty that no test row has', async () => {
    const svg = await svgOf(
      confusionPlot(
        runOf([
          [0, 0],
          [1, 2],
        ]),
      ),
    );
    expect(marks(svg, 'rect')).to.have.length(2);
    expect(svg).not.to.include('NaN');
  });

  it('names all of 62 classes on both axes, without numbers in the cells', async () => {
    const svg = await svgOf(confusionPlot(madeRun({ numClasses: 62 })));
    expect(marks(svg, 'text')).to.have.length(0);
    for (const name of ['0', '9', 'A', 'Z', 'a', 'z'])
      expect(texts(svg).filter((text) => text === name)).to.have.length(2);
    expect(sizeOf(svg)[0]).to.be.below(720);
  });
});
