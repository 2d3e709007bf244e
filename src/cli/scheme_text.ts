import type { RunConfig } from '../config/run_config.js';
import type { SchemeText } from '../report/plots/run_record.js';
import { schemes } from '../server/schemes/registry.js';
import type { Scheme } from '../server/schemes/scheme.js';

/** What a run's scheme is, for its report. */
export function schemeText({ mode, u_shaped }: Pick<RunConfig, 'mode' | 'u_shaped'>): SchemeText {
  const scheme: Scheme = schemes[mode];
  return {
    title: u_shaped ? `${scheme.title}, U-shaped` : scheme.title,
    story: `${scheme.story}${u_shaped ? ' In the U shape the clients have the last layers too, and keep their labels.' : ''}`,
    clientTests: clientTests[scheme.heads],
    clientsTakeTurns: scheme.turns === 'one_by_one',
  };
}

const clientTests = {
  handed_over:
    'Each client was tested on all test rows at the end of its last visit, with the head and tail of that moment.',
  own: "Each client's own weights were tested on all test rows at the end; the last line is their mean.",
  averaged: 'What the clients train is averaged every round: in the end all have the same.',
} as const satisfies Record<Scheme['heads'], string>;
