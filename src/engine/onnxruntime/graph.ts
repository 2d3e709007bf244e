import type { Shape } from '../../core/shapes.js';
import { dataTypes, encodeGraph, type DataType, type ModelDescription } from './graph_encoding.js';

/** Sizes of a tensor's axes, with a name for a free one. */
type Dims = readonly (number | string)[];

/** One operator. */
export interface Node {
  readonly opType: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}
type Attributes = Readonly<Record<string, Attribute>>;
export type Attribute = number | readonly number[] | { readonly float: number };

/** A tensor that a graph computes, is given, or holds as a constant. */
export interface Value {
  readonly name: string;
  readonly dataType: DataType;
  readonly source: Node | 'input' | Uint8Array;
  /** Known of inputs, constants and outputs. */
  readonly dims: Dims | undefined;
  /** Names of the inputs that it is computed from. */
  readonly dependsOn: ReadonlySet<string>;
}

/** A model made of a part of a graph. */
export interface ExtractedModel {
  readonly bytes: Uint8Array;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * Builds one graph of standard ONNX operators; `extract` then cuts models out of it.
 *
 * A training step is written once, forward and backward together, and cut into the runs in which its inputs arrive: what a
 * later run needs of an earlier one crosses where it was marked by `keep`, and is computed again where it was not.
 */
export class GraphBuilder {
  #numValues = 0;
  readonly #kept = new Set<Value>();

  /** A tensor that is fed; sizes that are free have a name. */
  input(name: string, dataType: DataType, dims: Dims): Value {
    return { name, dataType, source: 'input', dims, dependsOn: new Set([name]) };
  }

  /** The same tensor under a name and with its sizes, for those who run the model. */
  output(name: string, x: Value, dims: Dims): Value {
    const outputs: Value[] = [];
    const source: Node = { opType: 'Identity', inputs: [x], outputs, attributes: {} };
    outputs.push({ ...x, name, source, dims });
    return outputs[0];
  }

  /** A constant with a name. */
  constant(name: string, dims: Shape, data: Float32Array): Value {
    return constantOf(name, 'float32', dims, data);
  }

  floats(values: number | readonly number[]): Value {
    const data = Float32Array.from(typeof values === 'number' ? [values] : values);
    const dims = typeof values === 'number' ? [] : [data.length];
    return constantOf(this.#newName('constant'), 'float32', dims, data);
  }

  ints(...values: readonly number[]): Value {
    return constantOf(
      this.#newName('constant'),
      'int64',
      [values.length],
      BigInt64Array.from(values, BigInt),
    );
  }

  /** One operator with one output; float32 unless said otherwise. */
  op(
    opType: string,
    inputs: readonly Value[],
    attributes: Attributes = {},
    dataType: DataType = 'float32',
  ): Value {
    return this.ops(opType, inputs, [dataType], attributes)[0];
  }

  /** One operator with several outputs. */
  ops(
    opType: string,
    inputs: readonly Value[],
    dataTypes: readonly DataType[],
    attributes: Attributes = {},
  ): readonly Value[] {
    const dependsOn = new Set(inputs.flatMap((value) => [...value.dependsOn]));
    const outputs: Value[] = [];
    const node: Node = { opType, inputs, outputs, attributes };
    for (const dataType of dataTypes)
      outputs.push({ name: this.#newName(opType), dataType, source: node, dims: undefined, dependsOn });
    return outputs;
  }

  reshape(x: Value, shape: Shape): Value {
    return this.op('Reshape', [x, this.ints(...shape)]);
  }

  transpose(x: Value, ...perm: readonly number[]): Value {
    return this.op('Transpose', [x], { perm });
  }

  sum(x: Value, ...axes: readonly number[]): Value {
    return this.op('ReduceSum', [x, this.ints(...axes)], { keepdims: 0 });
  }

  mean(x: Value, axes: readonly number[], { keepDims = true } = {}): Value {
    return this.op('ReduceMean', [x, this.ints(...axes)], { keepdims: keepDims ? 1 : 0 });
  }

  split(x: Value, sizes: readonly number[], axis = 0): readonly Value[] {
    if (sizes.length === 1) return [x];
    return this.ops(
      'Split',
      [x, this.ints(...sizes)],
      sizes.map(() => 'float32'),
      { axis },
    );
  }

  /** Of no values: an empty vector, which is what a layer group without parameters trains. */
  concat(values: readonly Value[], axis: number): Value {
    if (values.length === 0) return this.floats([]);
    return values.length === 1 ? values[0] : this.op('Concat', values, { axis });
  }

  /** 1 where true, 0 where false. */
  toFloat(mask: Value): Value {
    return this.op('Cast', [mask], { to: dataTypes.float32 });
  }

  /** A scalar: 0 where every entry is finite, NaN where one is not. */
  zeroIfFinite(x: Value): Value {
    return this.op('ReduceSum', [this.op('Mul', [x, this.floats(0)])], { keepdims: 0 });
  }

  /** Marks a value that a later run should be given instead of computing it again. */
  keep(value: Value): Value {
    this.#kept.add(value);
    return value;
  }

  /**
   * The model that computes `outputs` from inputs and from kept values that earlier runs could give (those that depend on
   * `earlierInputs` alone).
   */
  extract(
    outputs: readonly Value[],
    earlierInputs: ReadonlySet<string> = new Set(),
    description: ModelDescription = { graphName: 'segment' },
  ): ExtractedModel {
    const nodes = new Set<Node>();
    const inputs = new Set<Value>();
    const constants = new Set<Value>();
    const visit = (value: Value): void => {
      if (value.source === 'input' || this.#isGiven(value, earlierInputs)) inputs.add(value);
      else if (value.source instanceof Uint8Array) constants.add(value);
      else if (!nodes.has(value.source)) {
        value.source.inputs.forEach(visit);
        nodes.add(value.source);
      }
    };
    outputs.forEach(visit);
    const graph = { nodes: [...nodes], constants: [...constants], inputs: [...inputs], outputs };
    return {
      bytes: encodeGraph(graph, description),
      inputs: [...inputs].map(({ name }) => name),
      outputs: outputs.map(({ name }) => name),
    };
  }

  /** The kept values that the model for `outputs` would take from earlier runs. */
  keptFor(outputs: readonly Value[], earlierInputs: ReadonlySet<string>): readonly Value[] {
    const inputs = new Set(this.extract(outputs, earlierInputs).inputs);
    return [...this.#kept].filter(({ name, source }) => source !== 'input' && inputs.has(name));
  }

  #isGiven(value: Value, earlierInputs: ReadonlySet<string>): boolean {
    return this.#kept.has(value) && [...value.dependsOn].every((name) => earlierInputs.has(name));
  }

  #newName(what: string): string {
    this.#numValues++;
    return `${what}_${this.#numValues}`;
  }
}

function constantOf(
  name: string,
  dataType: DataType,
  dims: Shape,
  data: Float32Array | BigInt64Array,
): Value {
  const source = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dataType, source, dims, dependsOn: new Set() };
}
