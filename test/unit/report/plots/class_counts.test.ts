import { expect } from 'chai';
import { classCountsPlot, drawClassCounts } from '../../../../src/report/plots/class_counts.js';
import { madeRun } from '../../../support/plots_run.js';
import { marks, sizeOf, texts } from '../../../support/plots_svg.js';

describe('drawClassCounts', () => {
  it('draws a cell for every class that a client has, its rows, and how many it has in all', async () => {
    const { svg, png, name } = await drawClassCounts(
      [
        [1200, 0, 34],
        [0, 0, 5],
      ],
      ['cat', 'dog', 'eel'],
    );
    expect(marks(svg, 'rect')).to.have.length(3);
    expect(texts(svg)).to.include.members([
      '1,200',
      '34',
      '5',
      '0 (1,234)',
      '1 (5)',
      'cat',
      'dog',
      'eel',
      'class',
    ]);
    // The scale has both its ends, and begins at one row: none is an empty cell.
    expect(texts(svg)).to.include.members(['rows', '1', '1,200']);
    expect(texts(svg)).not.to.include('0');
    expect(png.length).to.be.greaterThan(1000);
    expect(name).to.equal('class_counts');
  });

  it('draws 62 classes of 60 clients on a page, each named', async () => {
    const { evaluations } = madeRun({ numClients: 60, numClasses: 62 });
    const { svg } = await drawClassCounts(evaluations.class_counts ?? [], evaluations.class_names);
    expect(marks(svg, 'rect')).to.have.length(60 * 62);
    expect(marks(svg, 'text')).to.have.length(0);
    expect(texts(svg).filter((text) => /^\d+ \([\d,]+\)$/.test(text))).to.have.length(60);
    expect(sizeOf(svg)[0]).to.be.below(760);
  });

  it('draws clients without any row', async () => {
    const { svg } = await drawClassCounts([[0, 0]], ['a', 'b']);
    expect(marks(svg, 'rect')).to.have.length(0);
    expect(texts(svg)).to.include('0 (0)');
  });
});

describe('classCountsPlot', () => {
  it('is left out where clients do not tell, which the notes of the evaluation say', () => {
    const run = madeRun();
    const evaluations = { ...run.evaluations, class_counts: null };
    expect(classCountsPlot({ ...run, evaluations })).to.deep.equal({ leftOut: null });
  });
});
