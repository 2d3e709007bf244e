// Shape legend: N pictures, C channels, H height, W width, K classes
import { numElements } from '../../core/shapes.js';
import { outputShape, parametersOf } from '../../models/layers.js';
import type { Network } from '../../models/network.js';
import { plainBlocks } from './blocks.js';
import { emitLayers } from './forward_graph.js';
import { GraphBuilder, type Value } from './graph.js';
import { poolBeforeRelu } from '../passes.js';

/** A trained network, and what its users need to know. */
export interface InferenceModelOptions {
  readonly network: Network;
  /** All parameters, flat: the head's, then the tail's. */
  readonly weights: Float32Array;
  /** What the network is fed for each of the 256 values of a raw byte. */
  readonly inputOfByte: Float32Array;
  /** Raw value of the background, with which pictures are padded. */
  readonly background: number;
  /** By class number. */
  readonly classNames: readonly string[];
  /** Of bloom-split. */
  readonly version: string;
}

/**
 * An ONNX model for users of a trained network: `pictures`, uint8 [N, C, H, W] as they are in the data set, to
 * `probabilities`, float32 [N, K]. Parameters have their names in PyTorch; the metadata has `model` and, as JSON,
 * `class_names`. Bytes become the network's input by a table, which is exact: arithmetic in float32 would round twice.
 */
export function encodeInferenceModel(options: InferenceModelOptions): Uint8Array {
  const { network, weights, classNames } = options;
  const [numClasses] = outputShape(network.layers, network.inputShape);
  const g = new GraphBuilder();
  let offset = 0;
  const parameters = parametersOf(network.layers).map(({ name, shape }) =>
    g.constant(name, shape, weights.subarray(offset, (offset += numElements(shape)))),
  );
  const x_NCHW = emitInput(g, options);
  const blocks = plainBlocks(poolBeforeRelu(network.layers));
  const { y } = emitLayers(g, blocks, network.inputShape, x_NCHW, parameters);
  const probabilities_NK = g.op('Softmax', [y], { axis: 1 });
  const result = g.output('probabilities', probabilities_NK, ['N', numClasses]);
  return g.extract([result], new Set(), {
    graphName: network.model,
    producerVersion: options.version,
    docString: `${network.model}, head and tail joined: raw pictures (uint8, N x C x H x W) to class probabilities.`,
    metadataProps: [
      { key: 'model', value: network.model },
      { key: 'class_names', value: JSON.stringify(classNames) },
    ],
  }).bytes;
}

/** Raw pictures to what the network is trained on: normalised, and padded with the background. */
function emitInput(g: GraphBuilder, { network, inputOfByte, background }: InferenceModelOptions): Value {
  const { inputShape, padding } = network;
  const [channels, height, width] = inputShape;
  const pictures = g.input('pictures', 'uint8', ['N', channels, height - 2 * padding, width - 2 * padding]);
  const table = g.constant('input_of_byte', [inputOfByte.length], inputOfByte);
  const x_NCHW = g.op('Gather', [table, g.op('Cast', [pictures], { to: 6 }, 'int32')]);
  if (padding === 0) return x_NCHW;
  const pads = g.ints(0, 0, padding, padding, 0, 0, padding, padding);
  return g.op('Pad', [x_NCHW, pads, g.floats(inputOfByte[background])]);
}
