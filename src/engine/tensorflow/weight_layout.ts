// Shape legend: O channels out, C channels in, k kernel side
import { numElements, type Shape } from '../../core/shapes.js';
import type { ParameterSpec } from '../../models/layers.js';

type Vector = Float32Array<ArrayBuffer>;

/** Shape of a parameter inside this engine: a kernel [O, C, k, k] is [k, k, C, O], the rest is canonical. */
export function engineShape({ shape }: ParameterSpec): Shape {
  return isKernel(shape) ? [shape[2], shape[3], shape[1], shape[0]] : shape;
}

/** A flat vector of parameters from the canonical layout to this engine's. */
export function toEngineLayout(parameters: readonly ParameterSpec[], canonical: Vector): Vector {
  return rearranged(parameters, canonical, (from, to, shape) => {
    forEachWeight(shape, (canonicalIndex, engineIndex) => (to[engineIndex] = from[canonicalIndex]));
  });
}

/** And back. */
export function toCanonicalLayout(parameters: readonly ParameterSpec[], ours: Vector): Vector {
  return rearranged(parameters, ours, (from, to, shape) => {
    forEachWeight(shape, (canonicalIndex, engineIndex) => (to[canonicalIndex] = from[engineIndex]));
  });
}

function rearranged(
  parameters: readonly ParameterSpec[],
  vector: Vector,
  moveKernel: (from: Vector, to: Vector, shape: Shape) => void,
): Vector {
  const result = vector.slice();
  let offset = 0;
  for (const { shape } of parameters) {
    const end = offset + numElements(shape);
    if (isKernel(shape)) moveKernel(vector.subarray(offset, end), result.subarray(offset, end), shape);
    offset = end;
  }
  return result;
}

function isKernel(shape: Shape): boolean {
  return shape.length === 4;
}

function forEachWeight(
  [numOut, numIn, height, width]: Shape,
  visit: (canonicalIndex: number, engineIndex: number) => void,
): void {
  const numPositions = height * width;
  for (let out = 0; out < numOut; out++)
    for (let channel = 0; channel < numIn; channel++)
      for (let position = 0; position < numPositions; position++)
        visit((out * numIn + channel) * numPositions + position, (position * numIn + channel) * numOut + out);
}
