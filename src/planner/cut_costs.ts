import { areLinear, costsOf, numParameters } from '../models/layers.js';
import { numElements } from '../core/shapes.js';
import type { NetworkPart } from '../models/network.js';
import { FLOAT_BYTES, type OptimizerSlots } from './frames.js';
import type { PlacedParts } from './placed_parts.js';

/** What a placement costs whom. */
export interface CutCosts {
  /** Of the client: the head, and the back where there is one. */
  readonly numClientParameters: number;
  /** Forward and backward, a row. The loss is left out. */
  readonly clientFlop: number;
  readonly serverFlop: number;
  readonly clientMemoryBytes: number;
  /** What goes up is a linear function of the row, from which the row can be had back. */
  readonly sendsRows: boolean;
}

export function cutCosts(
  { head, server, back }: PlacedParts,
  slots: OptimizerSlots,
  batchSize: number,
): CutCosts {
  const backParts = back ? [back] : [];
  const memory = [
    peakBytes(head, slots.head, batchSize),
    ...backParts.map((part) => peakBytes(part, slots.tail, batchSize)),
  ];
  return {
    numClientParameters: [head, ...backParts].reduce((sum, { layers }) => sum + numParameters(layers), 0),
    clientFlop: flopOf(head, false) + backParts.reduce((sum, part) => sum + flopOf(part, true), 0),
    serverFlop: flopOf(server, true),
    clientMemoryBytes: memory.reduce((sum, bytes) => sum + bytes, 0),
    sendsRows: areLinear(head.layers),
  };
}

/** Forward, and backward to all parameters and, where somebody waits for it, to the input. */
function flopOf({ layers, inputShape }: NetworkPart, needsInputGradient: boolean): number {
  const { forwardFlop, parameterFlop, inputFlop } = costsOf(layers, inputShape);
  return forwardFlop + parameterFlop + (needsInputGradient ? inputFlop : 0);
}

/**
 * 4 (P (3 + 2 S) + B (I + K + O)): P parameters, each with its gradient, its S optimiser slots, and weight and slots once more
 * for the next ones, which replace the old ones only when they are whole; for each of B rows the input I, the values K that
 * backward needs, and the output's gradient O. An engine's own overhead is not in it.
 */
function peakBytes(
  { layers, inputShape, outputShape }: NetworkPart,
  numSlots: number,
  batchSize: number,
): number {
  const { numKept } = costsOf(layers, inputShape);
  const ofParameters = numParameters(layers) * (3 + 2 * numSlots);
  const ofRows = batchSize * (numElements(inputShape) + numKept + numElements(outputShape));
  return FLOAT_BYTES * (ofParameters + ofRows);
}
