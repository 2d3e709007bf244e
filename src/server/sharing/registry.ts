import type { Scheme } from '../schemes/scheme.js';
import { averagedHeads } from './averaged_heads.js';
import { handOverSharing } from './hand_over.js';
import { ownHeads } from './own_heads.js';
import type { Sharing } from './sharing.js';

/** By what a scheme says of its heads. */
export const sharings = {
  handed_over: handOverSharing,
  own: ownHeads,
  averaged: averagedHeads,
} satisfies Record<Scheme['heads'], Sharing>;
