import { freshState, type Program } from '../../engine/engine.js';
import type { OptimizerMean } from '../../engine/mean_state.js';
import type { Scheme } from '../schemes/scheme.js';
import { AveragedTails } from './averaged_tails.js';
import { OneTail } from './one_tail.js';
import type { Tails } from './tails.js';

/** The tails of a scheme that has some, from these weights. */
export function createTails(
  kind: Exclude<Scheme['tails'], 'none'>,
  program: Program,
  weights: Float32Array<ArrayBuffer>,
  optimizers: OptimizerMean,
): Tails {
  const state = freshState(program.spec, weights);
  switch (kind) {
    case 'one':
      return new OneTail(program, state);
    case 'per_client':
      return new AveragedTails(program, state, optimizers);
    default:
      return kind satisfies never;
  }
}
