import { basename, join, resolve } from 'node:path';
import { writeFileAtomic } from '../../core/files.js';
import type { Comparison } from '../comparison/comparison.js';
import { comparisonFiles } from '../comparison/file.js';
import { markdownOf } from '../comparison/table.js';
import { drawComparison } from '../plots/comparison/draw_comparison.js';
import type { RunOption } from '../plots/run_record.js';
import { comparisonPage } from './comparison_page.js';
import { styleSheet } from './style.js';

/**
 * Writes the table, the plots and the page of a comparison into its directory; `options` are those that all its runs have in
 * common. Throws StorageError.
 */
export async function writeComparisonReport(
  directory: string,
  comparison: Comparison,
  options: readonly RunOption[],
): Promise<void> {
  const files = comparisonFiles(directory);
  await writeFileAtomic(files.markdown, markdownOf(comparison));
  const { plots, notes } = await drawComparison(comparison);
  for (const { name, svg, png } of plots) {
    await writeFileAtomic(join(files.plots, `${name}.svg`), svg);
    await writeFileAtomic(join(files.plots, `${name}.png`), png);
  }
  const name = basename(resolve(directory));
  await writeFileAtomic(
    files.page,
    comparisonPage({ comparison, name, options, plots, notes, styleSheet: await styleSheet() }),
  );
}
