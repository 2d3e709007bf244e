// Shape legend: B batch, F one row's axes
import type { Shape } from '../../core/shapes.js';
import type { GraphBuilder, Value } from './graph.js';

/** Each value that was written in both layouts, and the same tensor in the other one. */
const twins = new WeakMap<Value, Value>();

/** x [B, F] with the batch as the innermost axis: [F, B]. F are the axes of `shape`. */
export function batchLast(g: GraphBuilder, x_BF: Value, shape: Shape): Value {
  return twins.get(x_BF) ?? twin(x_BF, g.transpose(x_BF, ...axesOf(shape, 1), 0));
}

/** The way back: x [F, B] as [B, F]. */
export function batchFirst(g: GraphBuilder, x_FB: Value, shape: Shape): Value {
  return twins.get(x_FB) ?? twin(x_FB, g.transpose(x_FB, shape.length, ...axesOf(shape, 0)));
}

function axesOf(shape: Shape, first: number): readonly number[] {
  return shape.map((_, axis) => first + axis);
}

/** A layer that asks for the layout in which its neighbour computed gets that value: the transposition back is not run. */
function twin(x: Value, other: Value): Value {
  twins.set(x, other);
  twins.set(other, x);
  return other;
}
