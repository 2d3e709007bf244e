import type { SegmentState } from '../../src/engine/engine.js';
import type { HandOverRequest } from '../../src/link/messages.js';

export const handOver: HandOverRequest = {
  generation: 2,
  step: 30,
  round: 4,
  from: 0,
  to: 1,
  optimizers: 'moved',
};

/** Two layer groups, of 3 and 2 parameters, under Adam. */
export function adamState(): SegmentState {
  const vector = (...values: number[]) => Float32Array.from(values);
  return {
    weights: vector(1, -2, 3, NaN, -0),
    optimizers: [
      { step: 5, slots: [vector(0.1, 0.2, 0.3), vector(1, 2, 3)] },
      { step: 6, slots: [vector(0.4, 0.5), vector(4, 5)] },
    ],
  };
}
