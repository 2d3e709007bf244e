import type { PlotSpec } from './plot.js';
import type { RunRecord } from './run_record.js';
import { PAGE_WIDTH, palette } from './theme.js';

const names: Partial<Record<string, string>> = {
  setup: 'set-up',
  hand_over: 'hand-overs',
  test: 'tests',
  forgetting: 'forgetting tests',
};

/** What a run spent its time on. */
export function phaseTimePlot({ summary }: RunRecord): PlotSpec {
  const phases = Object.entries(summary.phase_seconds).filter(([, seconds]) => seconds > 0);
  const total = phases.reduce((sum, [, seconds]) => sum + seconds, 0);
  const values = phases.map(([phase, seconds]) => ({
    phase: names[phase] ?? phase,
    seconds,
    label: `${seconds.toFixed(seconds < 10 ? 2 : 1)} s (${percent(seconds / total)})`,
  }));
  return {
    name: 'phase_time',
    title: 'Time by phase',
    caption: 'Wall time of the run; plots are drawn afterwards and not counted.',
    spec: {
      width: PAGE_WIDTH - 240,
      height: { step: 26 },
      data: { values },
      encoding: {
        x: { field: 'seconds', type: 'quantitative', title: 'wall time (s)' },
        y: {
          field: 'phase',
          type: 'nominal',
          sort: null,
          axis: { title: null, domain: false, ticks: false, labelPadding: 8 },
        },
      },
      layer: [
        { mark: { type: 'bar', color: palette[0], height: 16 } },
        { mark: { type: 'text', align: 'left', dx: 6 }, encoding: { text: { field: 'label' } } },
      ],
    },
  };
}

function percent(share: number): string {
  return share < 0.01 ? 'under 1%' : `${(100 * share).toFixed(0)}%`;
}
