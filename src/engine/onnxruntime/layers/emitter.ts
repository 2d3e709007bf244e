import type { Shape } from '../../../core/shapes.js';
import type { GraphBuilder, Value } from '../graph.js';

/** A layer written into a graph: its output, and how to write its gradients once the output's is known. */
export interface EmittedLayer {
  readonly y: Value;
  /** Gradients of the parameters in their order, and of the input (asked for only where something upstream trains). */
  backward(dy: Value, needsInputGradient: boolean): LayerGradients;
}

export interface LayerGradients {
  readonly parameters: readonly Value[];
  readonly dx: Value | undefined;
}

/** Writes a layer into a graph. `input` and shapes of x, y leave the batch out; the batch size is free. */
export type LayerEmitter<L> = (
  g: GraphBuilder,
  layer: L,
  x: Value,
  parameters: readonly Value[],
  input: Shape,
) => EmittedLayer;
