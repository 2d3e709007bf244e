import type { Shape } from '../../../core/shapes.js';
import type { Handle, TensorScope } from '../tensors.js';

/** A layer that has run forward: its output, and its gradients once the output's is known. */
export interface LayerRun {
  readonly y: Handle;
  inputGradient(dy: Handle): Handle;
  /** In the order and shapes of the parameters; none where there are none. */
  parameterGradients?(dy: Handle): readonly Handle[];
}

/** Runs a layer forward with kernels of TensorFlow; what backward needs stays in the scope. */
export type RunLayer = (t: TensorScope, x: Handle, parameters: readonly Handle[]) => LayerRun;

/** Prepares a layer for inputs of this shape, [C, H, W] or [C], without the batch. Pictures come and go as [B, H, W, C]. */
export type LayerCompiler<L> = (layer: L, input: Shape) => RunLayer;

/** What a layer needs for both of its gradients, computed once. */
export function rememberLast<T>(compute: (dy: Handle) => T): (dy: Handle) => T {
  let last: { readonly dy: Handle; readonly value: T } | undefined;
  return (dy) => {
    if (last?.dy !== dy) last = { dy, value: compute(dy) };
    return last.value;
  };
}
