/** Sizes of a tensor's axes, outermost first. */
export type Shape = readonly number[];

/** A dense float32 tensor in row-major order. */
export interface Tensor {
  readonly shape: Shape;
  readonly data: Float32Array<ArrayBuffer>;
}

/** What a model must know of a data set: one picture's shape and the number of classes. */
export interface DataShape {
  /** [channels, height, width] */
  readonly picture: Shape;
  readonly numClasses: number;
}

/** Number of entries of a tensor of this shape. */
export function numElements(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** `16x5x5` */
export function formatShape(shape: Shape): string {
  return shape.join('x');
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
