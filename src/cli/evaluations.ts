import type { RunConfig } from '../config/run_config.js';
import type { Evaluations } from '../core/evaluation.js';
import type { TrainResult } from '../core/events.js';
import { forgettingMatrix } from '../metrics/forgetting.js';
import { OWN_ROWS } from '../data/splits/registry.js';
import type { Link } from '../link/link.js';
import type { Scheme } from '../server/schemes/scheme.js';
import type { ForgettingTests } from '../server/trainer.js';

/** Above so many clients `forgetting: auto` tests once a round, not after every visit. */
const MANY_CLIENTS = 20;

/**
 * When a run tests for its forgetting matrix: never where clients do not tell their classes, without which there is none, or
 * where each has a head, or test rows, of its own.
 */
export function forgettingTests(
  { forgetting, n_workers, share_class_counts, data_split }: RunConfig,
  { heads }: Scheme,
  numRows: number,
): ForgettingTests {
  if (!share_class_counts || heads === 'own' || data_split === OWN_ROWS) return { when: 'off', numRows };
  const auto = n_workers > MANY_CLIENTS || heads === 'averaged' ? 'every_round' : 'every_visit';
  return { when: forgetting === 'auto' ? auto : forgetting, numRows };
}

/** Asks every client how many rows of each class it has; null where they do not tell. */
export async function askClassCounts(links: readonly Link[]): Promise<readonly (readonly number[])[] | null> {
  const answers = await Promise.all(links.map((link) => link.classCounts({ generation: 0, step: 0 })));
  const told = answers.filter((answer) => answer !== null);
  return told.length === answers.length ? told : null;
}

/** What `evaluation.json` tells. */
export function evaluationsOf(
  classNames: readonly string[],
  { overall, clients, forgetting: tests }: TrainResult,
  classCounts: readonly (readonly number[])[] | null,
  forgetting: {
    readonly asked: RunConfig['forgetting'];
    readonly heads: Scheme['heads'];
    readonly numRows: number;
  },
): Evaluations {
  const notes = [
    ...(classCounts === null
      ? [
          'Clients do not tell their classes (share_class_counts: false): no class counts, no forgetting matrix.',
        ]
      : []),
    ...(forgetting.heads === 'own'
      ? ['Every client has a head of its own: there is no forgetting matrix, which is of one.']
      : []),
    ...(forgetting.asked === 'off' ? ['The forgetting matrix is off (forgetting: off).'] : []),
  ];
  return {
    class_names: classNames,
    overall,
    clients,
    class_counts: classCounts,
    forgetting:
      classCounts === null || tests.length === 0
        ? null
        : forgettingMatrix(tests, classCounts, forgetting.numRows),
    notes,
  };
}
