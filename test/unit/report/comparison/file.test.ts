import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../../../../src/core/errors.js';
import type { Comparison } from '../../../../src/report/comparison/comparison.js';
import { readComparison, writeComparison } from '../../../../src/report/comparison/file.js';
import { madeComparison } from '../../../support/comparison.js';
import { foldersOf } from '../../../support/folders.js';
import { rejection } from '../../../support/link_errors.js';

describe('comparison.json', () => {
  const newFolder = foldersOf();
  const comparison = madeComparison({ hasCosts: false });

  it('is read back as it was written', async () => {
    const folder = newFolder();
    await writeComparison(folder, comparison);
    expect(await readComparison(folder, '0.1.0')).to.deep.equal(comparison);
  });

  for (const [what, change] of [
    ['format', { format: 2 }],
    ['version', { version: '0.2.0' }],
  ] as const)
    it(`is refused where it is of another ${what}`, async () => {
      const folder = newFolder();
      await writeComparison(folder, { ...comparison, ...change });
      const error = await rejection(readComparison(folder, '0.1.0'), DataError, 'ERR_COMPARISON_VERSION');
      expect(error.message).to.match(
        /is of bloom-split 0\.\d\.0 \(format \d\), and this is 0\.1\.0 \(format 1\)/,
      );
      expect(error.message).to.match(/Go on with that version, or begin/);
    });

  it('is refused where it is missing: the message says what makes one', async () => {
    const error = await rejection(readComparison(newFolder(), '0.1.0'), DataError, 'ERR_READ');
    expect(error.message).to.include('comparison.json').and.include('`bloom-split compare`');
  });

  const [cell] = comparison.cells;
  for (const [what, content, problem] of [
    ['no JSON', 'x', 'it is not JSON'],
    ['no object', '[]', 'it is not an object'],
    ['no version', '{"format":1}', '"version" is not a string'],
    ['a part missing', changed({ seeds: undefined }), '"seeds" is not a list'],
    ['an unknown order', changed({ order: 'random' }), '"order" is none'],
    [
      'a run without a directory',
      changed({ cells: [{ ...cell, runs: [{ ...cell.runs[0], directory: 3 }] }] }),
      '"cells[0].runs[0].directory" is not a string',
    ],
  ] as const)
    it(`is refused where it is damaged: ${what}`, async () => {
      const folder = newFolder();
      writeFileSync(join(folder, 'comparison.json'), content);
      const error = await rejection(readComparison(folder, '0.1.0'), DataError, 'ERR_COMPARISON');
      expect(error.message).to.include(`is damaged: ${problem}`);
    });

  function changed(change: Partial<Record<keyof Comparison, unknown>>): string {
    return JSON.stringify({ ...comparison, ...change });
  }
});
