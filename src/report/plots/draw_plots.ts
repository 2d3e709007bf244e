import { accuracyPlot } from './accuracy.js';
import { classCountsPlot } from './class_counts.js';
import { confusionPlot } from './confusion.js';
import { forgettingPlot } from './forgetting.js';
import { lossPlot } from './loss.js';
import { phaseTimePlot } from './phase_time.js';
import { draw, type Plot } from './plot.js';
import { clientPrecisionRecallPlot, precisionRecallPlot } from './precision_recall.js';
import type { RunRecord } from './run_record.js';

/** All plots, in the order of the report. */
const makers = [
  lossPlot,
  accuracyPlot,
  forgettingPlot,
  classCountsPlot,
  confusionPlot,
  precisionRecallPlot,
  clientPrecisionRecallPlot,
  phaseTimePlot,
];

/** Draws everything that a run's data allow; `notes` says what is left out, and why. */
export async function drawPlots(
  run: RunRecord,
): Promise<{ readonly plots: readonly Plot[]; readonly notes: readonly string[] }> {
  const plots: Plot[] = [];
  const notes: string[] = [];
  for (const maker of makers) {
    const plot = maker(run);
    if (!('leftOut' in plot)) plots.push(await draw(plot));
    else if (plot.leftOut !== null) notes.push(plot.leftOut);
  }
  return { plots, notes };
}
