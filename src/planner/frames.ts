import { numElements } from '../core/shapes.js';
import { numParameters } from '../models/layers.js';
import type { PlacedParts } from './placed_parts.js';

export const FLOAT_BYTES = 4;
/** Labels are int32. */
const LABEL_BYTES = 4;

/** What flows between a client and the server, or another client. */
export const flows = [
  'activations_up',
  'labels_up',
  'activations_down',
  'gradients_up',
  'gradients_down',
  'evaluation_up',
  'evaluation_down',
  'hand_over',
] as const;
export type Flow = (typeof flows)[number];

/** Bytes of one kind in a frame, a row of the batch. Labels ride in the frame of the activations. */
export interface FramePart {
  readonly flow: Flow;
  readonly rowBytes: number;
  readonly isFrame: boolean;
}

/** What a batch of training, a batch of test rows, and a hand-over send. */
export interface FramePlan {
  readonly batch: readonly FramePart[];
  readonly test: readonly FramePart[];
  /** Requests that a client answers, for one batch. */
  readonly roundTripsPerBatch: number;
  readonly handOverBytes: number;
}

/** Vectors as long as the parameters that the optimiser of each part keeps. */
export interface OptimizerSlots {
  readonly head: number;
  readonly tail: number;
}

/**
 * Frames of label sharing: activations z and labels go up, the gradient of z comes down. Of a U-shaped scheme: z up, the
 * server's activations down, their gradient up, the gradient of z down; labels stay. Of a hand-over: the head's weights, with
 * `weights_and_optimizer` its slots; the back's weights and slots always.
 */
export function framesOf(
  { head, server, back }: PlacedParts,
  slots: OptimizerSlots,
  movesHeadOptimizer: boolean,
): FramePlan {
  const zBytes = FLOAT_BYTES * numElements(head.outputShape);
  const headBytes = FLOAT_BYTES * numParameters(head.layers) * (movesHeadOptimizer ? 1 + slots.head : 1);
  if (!back) {
    return {
      batch: [frame('activations_up', zBytes), labels, frame('gradients_down', zBytes)],
      test: [frame('evaluation_up', zBytes + LABEL_BYTES)],
      roundTripsPerBatch: 1,
      handOverBytes: headBytes,
    };
  }
  const backBytes = FLOAT_BYTES * numElements(server.outputShape);
  return {
    batch: [
      frame('activations_up', zBytes),
      frame('activations_down', backBytes),
      frame('gradients_up', backBytes),
      frame('gradients_down', zBytes),
    ],
    test: [frame('evaluation_up', zBytes), frame('evaluation_down', backBytes)],
    roundTripsPerBatch: 2,
    handOverBytes: headBytes + FLOAT_BYTES * numParameters(back.layers) * (1 + slots.tail),
  };
}

const frame = (flow: Flow, rowBytes: number): FramePart => ({ flow, rowBytes, isFrame: true });
const labels: FramePart = { flow: 'labels_up', rowBytes: LABEL_BYTES, isFrame: false };

/** Bytes a row in each direction of training. */
export function rowBytes({ batch }: FramePlan, direction: 'up' | 'down'): number {
  return batch.filter(({ flow }) => flow.endsWith(direction)).reduce((sum, part) => sum + part.rowBytes, 0);
}
