import { byNumber, type Scheme } from './scheme.js';

/** A baseline: every client trains the whole network on its own rows, and nothing is shared. */
export const local: Scheme = {
  title: 'a model per client, nothing shared',
  story: 'A baseline: each client trains the whole network on its own rows, and nothing is shared.',
  turns: 'side_by_side',
  heads: 'own',
  tails: 'none',
  joinsRows: false,
  order: byNumber,
};
