import { expect } from 'chai';
import { accuracyPlot } from '../../../../src/report/plots/accuracy.js';
import { svgOf } from '../../../support/plots_drawn.js';
import { madeRun } from '../../../support/plots_run.js';
import { marks, texts } from '../../../support/plots_svg.js';

describe('accuracyPlot', () => {
  it('draws test accuracy, weighted F1 and training accuracy over rounds from 1', async () => {
    const svg = await svgOf(accuracyPlot(madeRun({ numRounds: 3 })));
    expect(marks(svg, 'line')).to.have.length(3);
    expect(marks(svg, 'symbol')).to.have.length(3 * 3);
    const shown = texts(svg);
    expect(shown.slice(0, 3)).to.have.length(3);
    expect(shown).to.include.members([
      '1',
      '2',
      '3',
      'round',
      'test accuracy',
      'test weighted F1',
      'training accuracy',
    ]);
    expect(shown).not.to.include('0');
  });

  it('draws no points where they would hide the lines', async () => {
    const svg = await svgOf(accuracyPlot(madeRun({ numRounds: 100 })));
    expect(marks(svg, 'line')).to.have.length(3);
    expect(marks(svg, 'symbol')).to.have.length(0);
  });

  it('is left out for one round', () => {
    expect(accuracyPlot(madeRun({ numRounds: 1 })))
      .to.have.property('leftOut')
      .that.matches(/^Accuracy by round: fewer than two rounds/);
  });
});
