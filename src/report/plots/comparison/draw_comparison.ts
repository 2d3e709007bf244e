import type { Comparison } from '../../comparison/comparison.js';
import { draw, type Plot } from '../plot.js';
import { accuracyAgainstBytes, accuracyAgainstClientCompute } from './accuracy_against.js';
import { accuracyByCell } from './accuracy_by_cell.js';

/** All plots, in the order of the page. */
const makers = [accuracyByCell, accuracyAgainstBytes, accuracyAgainstClientCompute];

/** Draws everything that a comparison's data allow; `notes` says what is left out, and why. */
export async function drawComparison(
  comparison: Comparison,
): Promise<{ readonly plots: readonly Plot[]; readonly notes: readonly string[] }> {
  const made = makers.map((maker) => maker(comparison));
  const plots: Plot[] = [];
  for (const plot of made) if (!('leftOut' in plot)) plots.push(await draw(plot));
  return { plots, notes: made.flatMap((plot) => ('leftOut' in plot ? (plot.leftOut ?? []) : [])) };
}
