import type { RunConfig } from '../config/run_config.js';
import type { SchemeText } from '../report/plots/run_record.js';
import { OWN_ROWS } from '../data/splits/registry.js';
import { schemes } from '../server/schemes/registry.js';
import type { Scheme } from '../server/schemes/scheme.js';

/** What a run's scheme is, for its report. */
export function schemeText({
  mode,
  u_shaped,
  data_split,
}: Pick<RunConfig, 'mode' | 'u_shaped' | 'data_split'>): SchemeText {
  const scheme: Scheme = schemes[mode];
  return {
    title: u_shaped ? `${scheme.title}, U-shaped` : scheme.title,
    story: `${scheme.story}${u_shaped ? ' In the U shape the clients have the last layers too, and keep their labels.' : ''}`,
    clientTests: (data_split === OWN_ROWS ? ownTests : clientTests)[scheme.heads],
    clientsTakeTurns: scheme.turns === 'one_by_one',
  };
}

const clientTests = {
  handed_over:
    'Each client was tested on all test rows at the end of its last visit, with the head and tail of that moment.',
  own: "Each client's own weights were tested on all test rows at the end; the last line is their mean.",
  averaged: 'What the clients train is averaged every round: in the end all have the same.',
} as const satisfies Record<Scheme['heads'], string>;

const oneForAll =
  'Each client tested the head and tail after the last round in which it was due on test rows of its own; the last line is of the rows of all ' +
  'that tested the final ones.';

/** Where each client has test rows of its own. */
const ownTests = {
  handed_over: oneForAll,
  own: "Each client's own weights were tested on test rows of its own at the end; the last line is of all these rows.",
  averaged: oneForAll,
} as const satisfies Record<Scheme['heads'], string>;
