import { expect } from 'chai';
import { cellSize, heatMapSpec, type HeatMap } from '../../../../src/report/plots/heat_map.js';
import { drawSvg } from '../../../../src/report/plots/svg.js';
import { marks, sizeOf, texts } from '../../../support/plots_svg.js';

const map: HeatMap = {
  columns: { title: 'answer', labels: ['a', 'b', 'c'] },
  rows: { title: 'truth', labels: ['x', 'y'] },
  cells: [
    { row: 0, column: 0, value: 0, text: '7', isMarked: true },
    { row: 1, column: 2, value: 1, text: '1,234' },
  ],
  cellWidth: 48,
  cellHeight: 20,
  scale: { title: 'share', domain: [0, 1], format: '.0%' },
};
const drawn = (changed: Partial<HeatMap> = {}) => drawSvg('map', heatMapSpec({ ...map, ...changed }));

describe('heatMapSpec', () => {
  it('draws the cells that are listed, an outline round marked ones, and titles and labels', async () => {
    const svg = await drawn();
    expect(marks(svg, 'rect')).to.have.length(2 + 1);
    expect(marks(svg, 'text')).to.have.length(2);
    expect(texts(svg)).to.include.members([
      'answer',
      'truth',
      'share',
      'a',
      'b',
      'c',
      'x',
      'y',
      '7',
      '1,234',
    ]);
    // The first and the last colour of viridis.
    expect(svg).to.include('fill="rgb(68, 1, 84)"').and.include('fill="rgb(253, 231, 37)"');
  });

  it('writes white on dark cells and black on bright ones', async () => {
    const svg = await drawn();
    expect(svg)
      .to.match(/fill="white">7</)
      .and.match(/fill="black">1,234</);
  });

  it('writes no numbers where a cell is too small for the longest of them', async () => {
    expect(marks(await drawn({ cellWidth: 30 }), 'text')).to.have.length(0);
    expect(marks(await drawn({ cellHeight: 12 }), 'text')).to.have.length(0);
  });

  it('lays long names of columns across', async () => {
    const columns = { title: 'answer', labels: ['airplane', 'automobile', 'bird'] };
    expect(await drawn()).not.to.include('rotate(320)');
    expect(await drawn({ columns })).to.include('rotate(320)');
    expect(await drawn({ columns, cellWidth: 10 })).to.match(/rotate\(270\)[^>]*>automobile</);
    const [, height] = sizeOf(await drawn({ columns, cellWidth: 10 }));
    const [, short] = sizeOf(await drawn({ cellWidth: 10 }));
    expect(height).to.be.greaterThan(short + 30);
  });

  it('takes names as they are, whatever is in them', async () => {
    const labels = ['"quoted"', "it's", '<b>', 'back\\slash'];
    const svg = await drawn({ columns: { title: 'answer', labels } });
    expect(texts(svg)).to.include.members(labels);
  });

  it('can draw a single row, and a scale of one value', async () => {
    const one = { title: 'row', labels: ['x'] };
    const svg = await drawn({ rows: one, cells: [map.cells[0]], scale: { ...map.scale, domain: [0, 0] } });
    expect(marks(svg, 'rect')).to.have.length(2);
    expect(svg).not.to.include('NaN');
  });
});

describe('cellSize', () => {
  it('shares the space, within limits', () => {
    expect(cellSize(10, 500, 9, 44)).to.equal(44);
    expect(cellSize(20, 500, 9, 44)).to.equal(25);
    expect(cellSize(100, 500, 9, 44)).to.equal(9);
  });
});
