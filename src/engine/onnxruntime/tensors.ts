import ort from './ort.js';
import type { Shape, Tensor } from '../../core/shapes.js';
import { numElements } from '../../core/shapes.js';

/** Tensors by the names that a graph gives them. */
export type Tensors = Readonly<Record<string, ort.Tensor>>;

/** The same memory. */
export function toOrt({ shape, data }: Tensor): ort.Tensor {
  return new ort.Tensor('float32', data, shape);
}

/** The same memory, of one axis. */
export function vector(data: Float32Array): ort.Tensor {
  return new ort.Tensor('float32', data, [data.length]);
}

export function floatsOf(tensor: ort.Tensor): Float32Array<ArrayBuffer> {
  return tensor.data as Float32Array<ArrayBuffer>;
}

/** A result [B, shape]. */
export function rowsOf(results: Tensors, name: string, numRows: number, shape: Shape): Tensor {
  const data = floatsOf(results[name]);
  if (data.length !== numRows * numElements(shape))
    throw new Error(`onnxruntime gave ${data.length} values for "${name}".`);
  return { shape: [numRows, ...shape], data };
}

/** What `zeroIfFinite` gave. */
export function isFiniteCheck(check: ort.Tensor): boolean {
  return floatsOf(check)[0] === 0;
}
