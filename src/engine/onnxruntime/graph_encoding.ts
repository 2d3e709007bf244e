import type { Attribute, Node, Value } from './graph.js';
import { encodeModel } from './onnx_proto.js';

/** Element types that graphs use, with the numbers of TensorProto.DataType. */
export const dataTypes = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const;
export type DataType = keyof typeof dataTypes;

const OPSET_VERSION = 18;
const IR_VERSION = 9;

/** What a model tells of itself; nothing is computed with it. */
export interface ModelDescription {
  readonly graphName: string;
  readonly producerVersion?: string;
  readonly docString?: string;
  readonly metadataProps?: readonly { readonly key: string; readonly value: string }[];
}

/** What a model computes: nodes in an order in which every input comes before its use. */
interface Graph {
  readonly nodes: readonly Node[];
  readonly constants: readonly Value[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** An ONNX model of one graph, as the bytes that onnxruntime loads. */
export function encodeGraph(
  { nodes, constants, inputs, outputs }: Graph,
  { graphName, ...description }: ModelDescription,
): Uint8Array {
  return encodeModel({
    irVersion: IR_VERSION,
    producerName: 'bloom-split',
    ...description,
    opsetImport: [{ domain: '', version: OPSET_VERSION }],
    graph: {
      name: graphName,
      node: nodes.map((node) => ({
        opType: node.opType,
        input: node.inputs.map(({ name }) => name),
        output: node.outputs.map(({ name }) => name),
        attribute: Object.entries(node.attributes).map(encodeAttribute),
      })),
      initializer: constants.map(({ name, dataType, dims, source }) => ({
        name,
        dataType: dataTypes[dataType],
        dims,
        rawData: source,
      })),
      input: inputs.map(encodeValueInfo),
      output: outputs.map(encodeValueInfo),
    },
  });
}

function encodeAttribute([name, value]: [string, Attribute]): Record<string, unknown> {
  if (typeof value === 'number') return { name, type: 2, i: value };
  if ('float' in value) return { name, type: 1, f: value.float };
  return { name, type: 7, ints: value };
}

function encodeValueInfo({ name, dataType, dims }: Value): Record<string, unknown> {
  const dim = dims?.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  const elemType = dataTypes[dataType];
  return { name, type: { tensorType: dim ? { elemType, shape: { dim } } : { elemType } } };
}
