import type { Shape } from '../../core/shapes.js';
import type { Addon, Attribute } from './addon.js';
import { attribute, dataTypes, ofFloats } from './attributes.js';

/** A tensor on the device, by the addon's number for it. */
export type Handle = number;

const transposes = (a: boolean, b: boolean) => [
  ofFloats,
  attribute.flag('transpose_a', a),
  attribute.flag('transpose_b', b),
];
const reshaping = [ofFloats, attribute.type('Tshape', 'int32')];
const permuting = [ofFloats, attribute.type('Tperm', 'int32')];
const indexing = attribute.type('Tidx', 'int32');
const slicing = [ofFloats, attribute.type('Index', 'int32')];
const padding = [ofFloats, attribute.type('Tpaddings', 'int32')];
const channelsLast = attribute.text('data_format', 'NHWC');

/** Tensors that are freed together: what kernels give stays in the scope until it is disposed of, or lets go of it. */
export class TensorScope {
  readonly #addon: Addon;
  readonly #owned = new Set<Handle>();

  constructor(addon: Addon) {
    this.#addon = addon;
  }

  /** Makes a tensor one of the scope's. */
  own(tensor: Handle): Handle {
    this.#owned.add(tensor);
    return tensor;
  }

  /** Lets go of a tensor, where it is one of the scope's: somebody else frees it. */
  release(tensor: Handle): Handle {
    this.#owned.delete(tensor);
    return tensor;
  }

  dispose(): void {
    for (const tensor of this.#owned) this.#addon.deleteTensor(tensor);
    this.#owned.clear();
  }

  /** Runs a kernel of TensorFlow with one output. */
  run(kernel: string, attributes: readonly Attribute[], inputs: readonly Handle[]): Handle {
    return this.runAll(kernel, attributes, inputs, 1)[0];
  }

  runAll(
    kernel: string,
    attributes: readonly Attribute[],
    inputs: readonly Handle[],
    numOutputs: number,
  ): readonly Handle[] {
    return this.#addon.executeOp(kernel, attributes, inputs, numOutputs).map(({ id }) => this.own(id));
  }

  /** The array may be used in place: it must not change while the tensor lives. */
  floats(shape: Shape, data: Float32Array): Handle {
    return this.own(this.#addon.createTensor(shape, dataTypes.float32, data));
  }

  scalar(value: number): Handle {
    return this.floats([], Float32Array.of(value));
  }

  /** A list of whole numbers: a shape, axes. */
  ints(...values: readonly number[]): Handle {
    return this.#int32([values.length], values);
  }

  /** A copy of the values. */
  read(tensor: Handle): Float32Array<ArrayBuffer> {
    return this.#addon.tensorDataSync(tensor) as Float32Array<ArrayBuffer>;
  }

  add(a: Handle, b: Handle): Handle {
    return this.run('AddV2', [ofFloats], [a, b]);
  }

  subtract(a: Handle, b: Handle): Handle {
    return this.run('Sub', [ofFloats], [a, b]);
  }

  multiply(a: Handle, b: Handle): Handle {
    return this.run('Mul', [ofFloats], [a, b]);
  }

  divide(a: Handle, b: Handle): Handle {
    return this.run('RealDiv', [ofFloats], [a, b]);
  }

  squareRoot(a: Handle): Handle {
    return this.run('Sqrt', [ofFloats], [a]);
  }

  maximum(a: Handle, b: Handle): Handle {
    return this.run('Maximum', [ofFloats], [a, b]);
  }

  softmax(a: Handle): Handle {
    return this.run('Softmax', [ofFloats], [a]);
  }

  /** dy where a > 0, else 0 */
  reluGradient(dy: Handle, a: Handle): Handle {
    return this.run('ReluGrad', [ofFloats], [dy, a]);
  }

  matMul(a: Handle, b: Handle, { transposeA = false, transposeB = false } = {}): Handle {
    return this.run('MatMul', transposes(transposeA, transposeB), [a, b]);
  }

  /** Adds a vector along the last axis. */
  addBias(a: Handle, bias: Handle): Handle {
    return this.run('BiasAdd', [ofFloats, channelsLast], [a, bias]);
  }

  /** Sums over all axes but the last. */
  biasGradient(dy: Handle): Handle {
    return this.run('BiasAddGrad', [ofFloats, channelsLast], [dy]);
  }

  sum(a: Handle, axes: readonly number[]): Handle {
    return this.#reduce('Sum', a, axes, false);
  }

  mean(a: Handle, axes: readonly number[], { keepDims = true } = {}): Handle {
    return this.#reduce('Mean', a, axes, keepDims);
  }

  /** One size may be -1: what is left for it. */
  reshape(a: Handle, shape: Shape): Handle {
    return this.run('Reshape', reshaping, [a, this.ints(...shape)]);
  }

  transpose(a: Handle, axes: Shape): Handle {
    return this.run('Transpose', permuting, [a, this.ints(...axes)]);
  }

  /** A corner of a tensor; a size of -1 takes the axis to its end. */
  crop(a: Handle, sizes: Shape): Handle {
    return this.run('Slice', slicing, [a, this.ints(...sizes.map(() => 0)), this.ints(...sizes)]);
  }

  /** Zeros behind the end of each axis. */
  padEnd(a: Handle, sizes: Shape): Handle {
    const pairs = sizes.flatMap((size) => [0, size]);
    return this.run('Pad', padding, [a, this.#int32([sizes.length, 2], pairs)]);
  }

  /** Equal parts. */
  split(a: Handle, numParts: number, axis: number): readonly Handle[] {
    const attributes = [attribute.int('num_split', numParts), ofFloats];
    return this.runAll('Split', attributes, [this.#int32([], [axis]), a], numParts);
  }

  /** Parts of a vector. */
  splitVector(a: Handle, sizes: readonly number[]): readonly Handle[] {
    const attributes = [attribute.int('num_split', sizes.length), ofFloats, attribute.type('Tlen', 'int32')];
    return this.runAll('SplitV', attributes, [a, this.ints(...sizes), this.#int32([], [0])], sizes.length);
  }

  concat(parts: readonly Handle[], axis: number): Handle {
    if (parts.length === 1) return parts[0];
    const attributes = [attribute.int('N', parts.length), ofFloats, indexing];
    return this.run('ConcatV2', attributes, [...parts, this.#int32([], [axis])]);
  }

  /** Whether neither NaN nor an infinity is in a vector; waits for the device. */
  isFinite(vector: Handle): boolean {
    const each = this.run('IsFinite', [ofFloats], [vector]);
    const all = this.run('All', [attribute.flag('keep_dims', false), indexing], [each, this.ints(0)]);
    return this.#addon.tensorDataSync(all)[0] === 1;
  }

  #reduce(kernel: string, a: Handle, axes: readonly number[], keepDims: boolean): Handle {
    const attributes = [ofFloats, attribute.flag('keep_dims', keepDims), indexing];
    return this.run(kernel, attributes, [a, this.ints(...axes)]);
  }

  #int32(shape: Shape, values: readonly number[]): Handle {
    return this.own(this.#addon.createTensor(shape, dataTypes.int32, Int32Array.from(values)));
  }
}
