import { randomPermutation, randomStream } from '../../core/random.js';
import type { Scheme } from './scheme.js';

/**
 * SplitFed version 2 (Thapa et al., arXiv 2004.12088, section 3.4): heads are averaged every round; one tail takes the clients'
 * batches one after the other, in an order that is drawn anew for every local step.
 */
export const splitfedV2: Scheme = {
  title: 'SplitFed v2',
  story:
    'The clients train heads side by side with one tail on the server; the heads are averaged after every round.',
  turns: 'side_by_side',
  heads: 'averaged',
  tails: 'one',
  joinsRows: false,
  order: (clients, { seed, round, localStep }) =>
    Array.from(
      randomPermutation(clients.length, randomStream(seed, 'tail_order', round, localStep)),
      (at) => clients[at],
    ),
};
