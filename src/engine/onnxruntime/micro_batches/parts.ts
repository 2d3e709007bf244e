// Shape legend: B batch, b rows of a part of it, R one row
import { numElements, type Tensor } from '../../../core/shapes.js';

/** Consecutive rows of a batch. */
export interface Part {
  readonly firstRow: number;
  readonly numRows: number;
}

/** A batch in so many parts, whose sizes differ by at most one row; none is empty, so that a small batch has fewer. */
export function partsOf(numRows: number, numParts: number): readonly Part[] {
  const number = Math.min(numRows, numParts);
  const startOf = (part: number) => Math.floor((part * numRows) / number);
  return Array.from({ length: number }, (_, part) => ({
    firstRow: startOf(part),
    numRows: startOf(part + 1) - startOf(part),
  }));
}

/** Those rows, in the same memory: [B, R] -> [b, R] */
export function rowsIn({ shape, data }: Tensor, { firstRow, numRows }: Part): Tensor {
  const [, ...rowShape] = shape;
  const size = numElements(rowShape);
  return { shape: [numRows, ...rowShape], data: data.subarray(firstRow * size, (firstRow + numRows) * size) };
}
