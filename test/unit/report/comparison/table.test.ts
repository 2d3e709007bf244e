import { expect } from 'chai';
import { markdownOf, notesOf, tableOf, terminalTable } from '../../../../src/report/comparison/table.js';
import { measuresOf } from '../../../../src/report/comparison/measures.js';
import { madeComparison } from '../../../support/comparison.js';

const sweeps = [{ key: 'chaos', values: ['', 'a|b'] }];
const made = madeComparison({ sweeps, seeds: [0, 1] });
/** The first cell has one run done and one failed, the second one is skipped. */
const [first, second] = made.cells;
const comparison = {
  ...made,
  cells: [
    {
      ...first,
      runs: [
        first.runs[0],
        { ...first.runs[1], status: 'failed' as const, why_failed: 'It fell | over.', results: null },
      ],
      measures: measuresOf([first.runs[0].results!]),
    },
    { ...second, why_skipped: 'It cannot be.', runs: [], measures: measuresOf([]) },
  ],
};

describe('tableOf', () => {
  it('has a row a cell: settings, runs, means with their spread', () => {
    const { columns, rows, numKeys } = tableOf(made);
    expect(numKeys).to.equal(1);
    expect(columns).to.deep.equal([
      'chaos',
      'runs',
      'accuracy',
      'weighted F1',
      'time (s)',
      'up (MB)',
      'down (MB)',
      'client compute (s)',
      'forgetting',
    ]);
    // Accuracies 0.9 and 0.91: their sample standard deviation is 0.01 / sqrt(2) = 0.0071.
    expect(rows[0]).to.deep.equal([
      '(empty)',
      '2',
      '0.9050 \u00b1 0.0071',
      '0.8950 \u00b1 0.0071',
      '4.00 \u00b1 0.00',
      '5.000 \u00b1 0.000',
      '3.000 \u00b1 0.000',
      '12.0 \u00b1 0.0',
      '0.0000 \u00b1 0.0000',
    ]);
  });

  it('has no spread of a single run, and a dash for what is not measured', () => {
    const { rows } = tableOf(comparison);
    expect(rows[0].slice(1, 3)).to.deep.equal(['1 of 2', '0.9000']);
    expect(rows[1]).to.deep.equal(['a|b', 'skipped', ...Array<string>(7).fill('\u2013')]);
    const [bare] = tableOf(madeComparison({ hasCosts: false })).rows;
    expect(bare.slice(6, 9)).to.deep.equal(Array(3).fill('\u2013'));
  });
});

describe('notesOf', () => {
  it('tells what failed, was skipped or is not done, and why', () => {
    expect(notesOf(made)).to.deep.equal([]);
    expect(notesOf(comparison)).to.deep.equal([
      'chaos a|b: skipped. It cannot be.',
      'chaos (empty), seed 1: failed. It fell | over.',
    ]);
    const alike = madeComparison()
      .cells.slice(0, 2)
      .map((cell) => ({ ...cell, why_skipped: 'No.', runs: [] }));
    expect(notesOf({ ...made, cells: alike })).to.deep.equal([
      'n_workers 2, cut pool1; n_workers 2, cut pool2: skipped. No.',
    ]);
    const [run] = first.runs;
    const waiting = { ...first, runs: [{ ...run, status: 'waiting' as const, results: null }] };
    expect(notesOf({ ...made, cells: [waiting] })).to.deep.equal(['chaos (empty), seed 0: waiting.']);
  });
});

describe('terminalTable', () => {
  it('has its columns under each other', () => {
    const lines = terminalTable(made).split('\n');
    expect(lines).to.have.length(3);
    expect(new Set(lines.map((line) => line.search(/runs|2 {5}/))).size).to.equal(1);
  });
});

describe('markdownOf', () => {
  it('is a table that bars in values do not break, and what is not in it', () => {
    const text = markdownOf(comparison);
    expect(text).to.match(/^# Comparison of chaos \(2 seeds\)\n\n\| chaos \| runs \| accuracy \|/);
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    expect(rows).to.have.length(4);
    for (const row of rows) expect(row.split(/(?<!\\)\|/)).to.have.length(11);
    expect(text).to.include('- chaos a|b: skipped. It cannot be.\n- chaos (empty), seed 1: failed.');
    expect(markdownOf(made)).not.to.include('Not in the table');
  });
});
