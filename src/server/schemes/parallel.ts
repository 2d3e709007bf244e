import { byNumber, type Scheme } from './scheme.js';

/** Parallel split learning: every client trains a head of its own, never shared, all with one tail. */
export const parallel: Scheme = {
  title: 'parallel split learning',
  turns: 'side_by_side',
  heads: 'own',
  tails: 'one',
  joinsRows: false,
  order: byNumber,
};
