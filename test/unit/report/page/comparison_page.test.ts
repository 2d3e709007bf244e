import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeComparisonReport } from '../../../../src/report/page/draw_comparison.js';
import { measuresOf } from '../../../../src/report/comparison/measures.js';
import { madeComparison } from '../../../support/comparison.js';
import { foldersOf } from '../../../support/folders.js';

const voidElements = new Set(['meta', 'br', 'hr', 'link', 'img', 'input']);
const options = [{ name: 'n_epochs', value: '2<3', default: '5', isChanged: true }];

describe('writeComparisonReport', () => {
  const newFolder = foldersOf();
  const written = async (comparison = madeComparison()) => {
    const folder = newFolder();
    await writeComparisonReport(folder, comparison, options);
    return { folder, page: readFileSync(join(folder, 'comparison.html'), 'utf8') };
  };

  it('writes the page, the table in Markdown, and each plot as SVG and PNG', async () => {
    const { folder } = await written();
    expect(readdirSync(folder).sort()).to.deep.equal(['comparison.html', 'comparison.md', 'plots']);
    expect(readdirSync(join(folder, 'plots')).sort()).to.deep.equal(
      ['accuracy_by_cell', 'accuracy_bytes', 'accuracy_client_compute'].flatMap((name) => [
        `${name}.png`,
        `${name}.svg`,
      ]),
    );
  });

  it('gives the same bytes every time', async () => {
    const [one, other] = [await written(), await written()];
    const anonymous = ({ page, folder }: { page: string; folder: string }) =>
      page.replaceAll(folder.split('/').slice(-1)[0], 'NAME');
    expect(anonymous(one)).to.equal(anonymous(other));
  });

  it('makes a page whose elements are closed, that asks nothing of the network, and whose ids are unique', async () => {
    const { page } = await written();
    const open: string[] = [];
    for (const [, slash, name, rest] of page.matchAll(/<(\/?)([a-zA-Z][\w-]*)([^>]*)>/g)) {
      if (slash) expect(open.pop()).to.equal(name);
      else if (!rest.endsWith('/') && !voidElements.has(name)) open.push(name);
    }
    expect(open).to.deep.equal([]);
    for (const [, to] of page.matchAll(/(?:src|href|action|url)\s*[=(]\s*["']?([^"')\s]+)/g))
      expect(to).to.match(/^(data:font\/ttf;base64,|#|[\w./-]+$)/);
    expect(page).not.to.match(/<script|<iframe|<object|<link|@import|\son\w+=/);
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('has the table, the plots, the common options, and every run with its report', async () => {
    const { page } = await written();
    const headings = [...page.matchAll(/<h[123][^>]*>([^<]*)</g)].map(([, text]) => text);
    expect(headings).to.deep.equal([
      'Comparison of n_workers, cut (3 seeds)',
      'Results',
      'Plots',
      'Accuracy by cell',
      'Accuracy against bytes',
      'Accuracy against client compute',
      'What all runs have in common',
      'Notes',
      'Runs',
    ]);
    expect(page).to.match(/0\.9100<br \/><span class="quiet"> \u00b1 0\.0100<\/span>/);
    expect(page).to.include('2&lt;3').and.include('Every run is done, and nothing is left out.');
    expect(page.match(/href="runs\/\d_seed-\d\/report\.html"/g)).to.have.length(18);
  });

  it('says what failed and which plots are left out', async () => {
    const made = madeComparison({ hasCosts: false, seeds: [0] });
    const [first, ...others] = made.cells;
    const failed = { ...first.runs[0], status: 'failed' as const, why_failed: 'It <fell>.', results: null };
    const cell = { ...first, runs: [failed], measures: measuresOf([]) };
    const { folder, page } = await written({ ...made, cells: [cell, ...others] });
    expect(page).to.include('n_workers 2, cut pool1, seed 0: failed. It &lt;fell&gt;.');
    expect(page).to.include('Accuracy against bytes: no run tells its costs.');
    expect(page).to.include('5 of 6').and.not.include('href="runs/0_seed-0');
    expect(readdirSync(join(folder, 'plots'))).to.deep.equal([
      'accuracy_by_cell.png',
      'accuracy_by_cell.svg',
    ]);
  });
});
