import { byNumber, type Scheme } from './scheme.js';

/** Parallel split learning: every client trains a head of its own, never shared, all with one tail. */
export const parallel: Scheme = {
  title: 'parallel split learning',
  story:
    'The clients train side by side, each a head of its own that is never shared, all with one tail on the server.',
  turns: 'side_by_side',
  heads: 'own',
  tails: 'one',
  joinsRows: false,
  order: byNumber,
};
