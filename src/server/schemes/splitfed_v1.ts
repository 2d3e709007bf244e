import { byNumber, type Scheme } from './scheme.js';

/** SplitFed version 1 (Thapa et al., arXiv 2004.12088, algorithm 1): heads and a tail a client; both averaged every round. */
export const splitfedV1: Scheme = {
  title: 'SplitFed v1',
  story:
    'The clients train side by side, each with a head and a tail of its own; both are averaged after every round.',
  turns: 'side_by_side',
  heads: 'averaged',
  tails: 'per_client',
  joinsRows: false,
  order: byNumber,
};
