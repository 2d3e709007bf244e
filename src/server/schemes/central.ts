import { byNumber, type Scheme } from './scheme.js';

/** A baseline: the whole network is trained on all clients' rows, in one place. */
export const central: Scheme = {
  title: 'the unsplit model on all rows',
  story: 'A baseline: the whole network is trained on all rows in one place.',
  turns: 'side_by_side',
  heads: 'own',
  tails: 'none',
  joinsRows: true,
  order: byNumber,
};
