import { byNumber, type Scheme } from './scheme.js';

/** Sequential split learning (Gupta and Raskar, arXiv 1810.06060): one head goes round the ring of clients. */
export const sequential: Scheme = {
  title: 'sequential split learning',
  story:
    'Each client trains the head of the network on its own rows, the server trains the tail, and the head goes round the ring of clients.',
  turns: 'one_by_one',
  heads: 'handed_over',
  tails: 'one',
  joinsRows: false,
  order: byNumber,
};
