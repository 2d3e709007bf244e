import type { Tails } from './tails.js';

/** The clients have the whole network. */
export const noTails: Tails = {
  of: () => null,
  newest: () => null,
  beginTurn: () => Promise.resolve(),
  endTurn: () => Promise.resolve(),
  saveStates: () => Promise.resolve(null),
  loadStates: () => Promise.resolve(),
  takeSpentMs: () => Promise.resolve(0),
  exportWeights: () => Promise.resolve(null),
};
