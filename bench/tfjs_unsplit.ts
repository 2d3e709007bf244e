import { createRequire } from 'node:module';
import util from 'node:util';
import type * as Tfjs from '@tensorflow/tfjs-node-gpu';
import { numElements, type Shape } from '../src/core/shapes.js';
import { layerOutputShape, layerParameters, type Layer } from '../src/models/layers.js';
import type { Network } from '../src/models/network.js';

/** One training step on a batch of pictures [B, H, W, C]; gives the loss. */
export type UnsplitStep = (pictures: Float32Array, labels: Int32Array) => number;

/** tfjs as its manual would train the unsplit network: `variableGrads` and a momentum step. */
export function openTfjs(network: Network, numClasses: number): UnsplitStep {
  const { inputShape } = network;
  const layers = network.layers.map(requirePlain);
  const tf = loadTfjs();
  const variables = layers.map((layer) =>
    layerParameters(layer).map(({ shape, initial }) => {
      if ('constant' in initial) return tf.variable(tf.fill(tfjsShape(shape), initial.constant));
      const bound = 1 / Math.sqrt(initial.fanIn);
      return tf.variable(tf.randomUniform(tfjsShape(shape), -bound, bound));
    }),
  );
  const [channels, height, width] = inputShape;
  const optimizer = tf.train.momentum(0.01, 0.9);
  return (pictures, labels) => {
    const numRows = labels.length;
    return tf.tidy(() => {
      const x = tf.tensor4d(pictures, [numRows, height, width, channels]);
      const targets = tf.oneHot(tf.tensor1d(labels, 'int32'), numClasses);
      const { value, grads } = tf.variableGrads(() => {
        const logits = layers.reduce<{ y: Tfjs.Tensor; shape: Shape }>(
          ({ y, shape }, layer, index) => ({
            y: forward(tf, layer, y, variables[index], shape),
            shape: layerOutputShape(layer, shape),
          }),
          { y: x, shape: inputShape },
        ).y;
        return tf.losses.softmaxCrossEntropy(targets, logits as Tfjs.Tensor2D).asScalar();
      });
      optimizer.applyGradients(grads as Parameters<typeof optimizer.applyGradients>[0]);
      return value.dataSync()[0];
    });
  };
}

/** What this comparison knows: the layers of plain networks. */
type PlainLayer = Extract<Layer, { kind: 'conv2d' | 'relu' | 'max_pool2d' | 'flatten' | 'dense' }>;

function forward(
  tf: typeof Tfjs,
  layer: PlainLayer,
  x: Tfjs.Tensor,
  [weight, bias]: readonly Tfjs.Tensor[],
  shape: Shape,
): Tfjs.Tensor {
  switch (layer.kind) {
    case 'conv2d':
      return tf.add(
        tf.conv2d(
          x as Tfjs.Tensor4D,
          weight as Tfjs.Tensor4D,
          layer.stride,
          layer.padding === 0 ? 'valid' : 'same',
        ),
        bias,
      );
    case 'relu':
      return tf.relu(x);
    case 'max_pool2d':
      return tf.maxPool(x as Tfjs.Tensor4D, layer.kernelSize, layer.kernelSize, 'valid');
    case 'flatten':
      return tf.reshape(x, [-1, numElements(shape)]);
    case 'dense':
      return tf.add(tf.matMul(x as Tfjs.Tensor2D, weight as Tfjs.Tensor2D), bias);
    default:
      return layer satisfies never;
  }
}

const plainKinds: ReadonlySet<string> = new Set<PlainLayer['kind']>([
  'conv2d',
  'relu',
  'max_pool2d',
  'flatten',
  'dense',
]);

function requirePlain(layer: Layer): PlainLayer {
  if (plainKinds.has(layer.kind)) return layer as PlainLayer;
  throw new Error(`Layer "${layer.name}" is of kind ${layer.kind}, which this comparison does not know.`);
}

function tfjsShape(shape: Shape): number[] {
  switch (shape.length) {
    case 4:
      return [shape[2], shape[3], shape[1], shape[0]];
    case 2:
      return [shape[1], shape[0]];
    default:
      return [...shape];
  }
}

/** tfjs 4.22 calls functions of `util` that warn since Node.js 22, and are gone since 23 (tensorflow/tfjs issue 8609). */
function loadTfjs(): typeof Tfjs {
  Object.assign(util, {
    isArray: Array.isArray,
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  });
  return createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu') as typeof Tfjs;
}
