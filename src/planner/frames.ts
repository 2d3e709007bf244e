import { numElements } from '../core/shapes.js';
import { numParameters } from '../models/layers.js';
import type { PlacedParts } from './placed_parts.js';

export const FLOAT_BYTES = 4;
/** Sums of heads are float64. */
const SUM_BYTES = 8;
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
  'hand_overs',
] as const;
export type Flow = (typeof flows)[number];

/** Bytes of one kind in a frame, a row of the batch. Labels ride in the frame of the activations. */
export interface FramePart {
  readonly flow: Flow;
  readonly rowBytes: number;
  readonly isFrame: boolean;
}

/** What a batch of training, a batch of test rows, a head and a sum of heads on their way send. */
export interface FramePlan {
  readonly batch: readonly FramePart[];
  readonly test: readonly FramePart[];
  readonly handOverBytes: number;
  readonly sumBytes: number;
}

/** Clients that have the whole network send nothing. */
export const noFrames: FramePlan = { batch: [], test: [], handOverBytes: 0, sumBytes: 0 };

/** Vectors as long as the parameters that the optimiser of each part keeps. */
export interface OptimizerSlots {
  readonly head: number;
  readonly tail: number;
}

/** How heads come to other clients: one goes round; a mean does, after a sum of all did; or never. */
export type HeadSharing =
  | { readonly heads: 'handed_over'; readonly movesHeadOptimizer: boolean }
  | { readonly heads: 'averaged'; readonly averagesOptimizers: boolean }
  | { readonly heads: 'own' };

/**
 * Frames of label sharing: activations z and labels go up, the gradient of z comes down. Of a U-shaped scheme: z up, the
 * server's activations down, their gradient up, the gradient of z down; labels stay.
 */
export function framesOf(parts: PlacedParts, slots: OptimizerSlots, sharing: HeadSharing): FramePlan {
  const { head, server, back } = parts;
  const zBytes = FLOAT_BYTES * numElements(head.outputShape);
  const moved = movedBytes(parts, slots, sharing);
  if (!back) {
    return {
      batch: [frame('activations_up', zBytes), labels, frame('gradients_down', zBytes)],
      test: [frame('evaluation_up', zBytes + LABEL_BYTES)],
      ...moved,
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
    ...moved,
  };
}

/**
 * A head that is handed over: its weights, with `weights_and_optimizer` its slots; the back's weights and slots always. A mean:
 * weights, and slots where they are averaged too. A sum: the same in float64, with the step count of each optimiser.
 */
function movedBytes(
  { head, back }: PlacedParts,
  slots: OptimizerSlots,
  sharing: HeadSharing,
): Pick<FramePlan, 'handOverBytes' | 'sumBytes'> {
  const parts = [{ part: head, slots: slots.head }, ...(back ? [{ part: back, slots: slots.tail }] : [])];
  const numValues = (moves: (index: number) => boolean) =>
    parts.reduce(
      (sum, { part, slots: own }, index) => sum + numParameters(part.layers) * (moves(index) ? 1 + own : 1),
      0,
    );
  switch (sharing.heads) {
    case 'handed_over': {
      const numMoved = numValues((index) => index > 0 || sharing.movesHeadOptimizer);
      return { handOverBytes: FLOAT_BYTES * numMoved, sumBytes: 0 };
    }
    case 'averaged': {
      const { averagesOptimizers } = sharing;
      const numMoved = numValues(() => averagesOptimizers);
      const numStepCounts = averagesOptimizers ? parts.length : 0;
      return { handOverBytes: FLOAT_BYTES * numMoved, sumBytes: SUM_BYTES * (numMoved + numStepCounts) };
    }
    case 'own':
      return { handOverBytes: 0, sumBytes: 0 };
    default:
      return sharing satisfies never;
  }
}

const frame = (flow: Flow, rowBytes: number): FramePart => ({ flow, rowBytes, isFrame: true });
const labels: FramePart = { flow: 'labels_up', rowBytes: LABEL_BYTES, isFrame: false };

/** Bytes a row in each direction of training. */
export function rowBytes({ batch }: FramePlan, direction: 'up' | 'down'): number {
  return batch.filter(({ flow }) => flow.endsWith(direction)).reduce((sum, part) => sum + part.rowBytes, 0);
}
