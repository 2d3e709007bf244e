import { Resvg } from '@resvg/resvg-js';
import { expect } from 'chai';
import { phaseTimePlot } from '../../../../src/report/plots/phase_time.js';
import { drawPng } from '../../../../src/report/plots/png.js';
import { drawSvg } from '../../../../src/report/plots/svg.js';
import { madeRun } from '../../../support/plots_run.js';
import { sizeOf } from '../../../support/plots_svg.js';

const withText = (family: string, weight = 400) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20"><rect width="80" height="20" fill="white"/>` +
  `<text x="2" y="15" font-family="${family}" font-weight="${weight}" font-size="14">Agi 12</text></svg>`;

describe('drawPng', () => {
  it('draws twice as large as the SVG says', async () => {
    const svg = await drawSvg('time', phaseTimePlot(madeRun()).spec);
    const png = await drawPng(svg);
    expect(png.subarray(0, 8)).to.deep.equal(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
    const [width, height] = sizeOf(svg);
    // IHDR: width and height at bytes 16 and 20.
    expect(png.readUInt32BE(16)).to.equal(2 * width);
    expect(png.readUInt32BE(20)).to.equal(2 * height);
  });

  it('draws text, and with the shipped font: no other is loaded', async () => {
    const png = await drawPng(withText('Inter'));
    const withoutFonts = new Resvg(withText('Inter'), {
      fitTo: { mode: 'zoom', value: 2 },
      font: { loadSystemFonts: false, fontFiles: [] },
    });
    expect(png.equals(withoutFonts.render().asPng())).to.equal(false);
    // A family that is nowhere falls back to the shipped one.
    expect(png.equals(await drawPng(withText('No Such Font')))).to.equal(true);
  });

  it('has the bold of the shipped font too', async () => {
    const [regular, bold] = await Promise.all([drawPng(withText('Inter')), drawPng(withText('Inter', 600))]);
    expect(bold.equals(regular)).to.equal(false);
  });

  it('gives the same bytes every time', async () => {
    expect((await drawPng(withText('Inter'))).equals(await drawPng(withText('Inter')))).to.equal(true);
  });
});
