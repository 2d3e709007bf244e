// Shape legend: B batch, F one row's axes
import { numElements, type Shape } from '../../core/shapes.js';
import type { GraphBuilder, Value } from './graph.js';

/** Each value that was written in both layouts, and the same tensor in the other one. */
const twins = new WeakMap<Value, Value>();

/** x [B, F] with the batch as the innermost axis: [F, B]. `shape` is F. */
export function batchLast(g: GraphBuilder, x_BF: Value, shape: Shape): Value {
  return (
    twins.get(x_BF) ??
    twin(x_BF, g.reshape(g.transpose(g.reshape(x_BF, [-1, numElements(shape)]), 1, 0), [...shape, -1]))
  );
}

/** The way back: x [F, B] as [B, F]. */
export function batchFirst(g: GraphBuilder, x_FB: Value, shape: Shape): Value {
  return (
    twins.get(x_FB) ??
    twin(x_FB, g.reshape(g.transpose(g.reshape(x_FB, [numElements(shape), -1]), 1, 0), [-1, ...shape]))
  );
}

/** A layer that asks for the layout in which its neighbour computed gets that value: the transposition back is not run. */
function twin(x: Value, other: Value): Value {
  twins.set(x, other);
  twins.set(other, x);
  return other;
}
