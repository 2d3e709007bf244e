import { expect } from 'chai';
import { confusionPlot } from '../../../../src/report/plots/confusion.js';
import { phaseTimePlot } from '../../../../src/report/plots/phase_time.js';
import { drawSvg } from '../../../../src/report/plots/svg.js';
import { FONT_FAMILY } from '../../../../src/report/plots/theme.js';
import { madeRun } from '../../../support/plots_run.js';
import { texts } from '../../../support/plots_svg.js';

describe('drawSvg', () => {
  const { spec } = confusionPlot(madeRun());

  it('gives the same bytes for the same plot, whatever was drawn before', async () => {
    const first = await drawSvg('confusion', spec);
    await drawSvg('other', phaseTimePlot(madeRun()).spec);
    expect(await drawSvg('confusion', spec)).to.equal(first);
  });

  it('draws several at once as it draws one', async () => {
    const [one, other] = await Promise.all([drawSvg('a', spec), drawSvg('b', spec)]);
    expect(one).to.equal(await drawSvg('a', spec));
    expect(other).to.equal(await drawSvg('b', spec));
  });

  it('begins its ids with the name, so that a page can hold several', async () => {
    const svg = await drawSvg('confusion', spec);
    const ids = [...svg.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(ids).to.deep.equal(['confusion-0']);
    expect([...svg.matchAll(/url\(#([^)]*)\)/g)].map(([, id]) => id)).to.deep.equal(ids);
  });

  it('names the shipped font first, and writes no more digits than are seen', async () => {
    const svg = await drawSvg('time', phaseTimePlot(madeRun()).spec);
    expect(new Set([...svg.matchAll(/font-family="([^"]*)"/g)].map(([, font]) => font))).to.deep.equal(
      new Set([FONT_FAMILY]),
    );
    expect(svg).not.to.match(/ (d|transform)="[^"]*\.\d{3}/);
  });

  it('escapes text', async () => {
    const mark = { type: 'text', text: '<b> & "c"' } as const;
    const svg = await drawSvg('text', { data: { values: [{}] }, mark });
    expect(svg).not.to.include('<b>');
    expect(texts(svg)).to.deep.equal(['<b> & "c"']);
  });
});
