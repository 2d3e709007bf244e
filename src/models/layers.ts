// Shape legend: B batch, C channels in, O channels out, H height, W width, F features. Shapes here leave the batch out.
import { ShapeError } from '../core/errors.js';
import { formatShape, numElements, type Shape } from '../core/shapes.js';

/** 2-D convolution (cross-correlation) with a bias; weight [O, C, k, k]. */
export interface Conv2d {
  readonly kind: 'conv2d';
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
}

/** max(x, 0); the gradient at 0 is 0. */
export interface Relu {
  readonly kind: 'relu';
  readonly name: string;
}

/**
 * Largest value of each k x k window, windows side by side, incomplete ones dropped. The gradient goes to one position of
 * a window: the first in row-major order, also where several tie.
 */
export interface MaxPool2d {
  readonly kind: 'max_pool2d';
  readonly name: string;
  readonly kernelSize: number;
}

/** [B, C, H, W] -> [B, C*H*W] */
export interface Flatten {
  readonly kind: 'flatten';
  readonly name: string;
}

/** x W^T + b; weight [out, in]. */
export interface Dense {
  readonly kind: 'dense';
  readonly name: string;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

/** A layer is plain data: an engine decides how it is computed. */
export type Layer = Conv2d | Relu | MaxPool2d | Flatten | Dense;
export type LayerKind = Layer['kind'];

export const conv2d = (
  name: string,
  inChannels: number,
  outChannels: number,
  kernelSize: number,
  { stride = 1, padding = 0 } = {},
): Conv2d => ({ kind: 'conv2d', name, inChannels, outChannels, kernelSize, stride, padding });
export const relu = (name: string): Relu => ({ kind: 'relu', name });
export const maxPool2d = (name: string, kernelSize: number): MaxPool2d => ({
  kind: 'max_pool2d',
  name,
  kernelSize,
});
export const flatten = (name: string): Flatten => ({ kind: 'flatten', name });
export const dense = (name: string, inFeatures: number, outFeatures: number): Dense => ({
  kind: 'dense',
  name,
  inFeatures,
  outFeatures,
});

/** Shape of what a layer gives for one row of this shape. Throws ShapeError where the layer does not fit. */
export function layerOutputShape(layer: Layer, input: Shape): Shape {
  switch (layer.kind) {
    case 'conv2d': {
      const [channels, height, width] = picture(layer, input);
      if (channels !== layer.inChannels) throw misfit(layer, input, `${layer.inChannels} channels`);
      const { kernelSize, stride, padding } = layer;
      const size = (length: number) => Math.floor((length + 2 * padding - kernelSize) / stride) + 1;
      if (size(height) < 1 || size(width) < 1)
        throw misfit(layer, input, `at least ${kernelSize - 2 * padding} pixels a side`);
      return [layer.outChannels, size(height), size(width)];
    }
    case 'max_pool2d': {
      const [channels, height, width] = picture(layer, input);
      const size = (length: number) => Math.floor(length / layer.kernelSize);
      if (size(height) < 1 || size(width) < 1)
        throw misfit(layer, input, `at least ${layer.kernelSize} pixels a side`);
      return [channels, size(height), size(width)];
    }
    case 'dense':
      if (input.length !== 1 || input[0] !== layer.inFeatures)
        throw misfit(layer, input, `${layer.inFeatures} features in one axis`);
      return [layer.outFeatures];
    case 'flatten':
      return [numElements(input)];
    case 'relu':
      return input;
    default:
      return layer satisfies never;
  }
}

/** Name, shape and number of inputs per output of a trained parameter. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly fanIn: number;
}

/** The trained parameters of one layer, weight before bias, named as PyTorch names them. */
export function layerParameters(layer: Layer): readonly ParameterSpec[] {
  switch (layer.kind) {
    case 'conv2d': {
      const fanIn = layer.inChannels * layer.kernelSize ** 2;
      return [
        {
          name: `${layer.name}.weight`,
          shape: [layer.outChannels, layer.inChannels, layer.kernelSize, layer.kernelSize],
          fanIn,
        },
        { name: `${layer.name}.bias`, shape: [layer.outChannels], fanIn },
      ];
    }
    case 'dense':
      return [
        {
          name: `${layer.name}.weight`,
          shape: [layer.outFeatures, layer.inFeatures],
          fanIn: layer.inFeatures,
        },
        { name: `${layer.name}.bias`, shape: [layer.outFeatures], fanIn: layer.inFeatures },
      ];
    case 'relu':
    case 'max_pool2d':
    case 'flatten':
      return [];
    default:
      return layer satisfies never;
  }
}

/** The trained parameters of a list of layers, in order: the layout of every flat weight vector. */
export function parametersOf(layers: readonly Layer[]): readonly ParameterSpec[] {
  return layers.flatMap(layerParameters);
}

/** Length of the flat weight vector of a list of layers. */
export function numParameters(layers: readonly Layer[]): number {
  return parametersOf(layers).reduce((sum, { shape }) => sum + numElements(shape), 0);
}

/** Shape of what a list of layers gives for one row of this shape. */
export function outputShape(layers: readonly Layer[], input: Shape): Shape {
  return layers.reduce<Shape>((shape, layer) => layerOutputShape(layer, shape), input);
}

function picture(layer: Layer, input: Shape): readonly [number, number, number] {
  if (input.length !== 3) throw misfit(layer, input, 'a picture (channels, height, width)');
  return [input[0], input[1], input[2]];
}

function misfit(layer: Layer, input: Shape, expected: string): ShapeError {
  return new ShapeError(
    'ERR_LAYER_SHAPE',
    `Layer "${layer.name}" is given ${formatShape(input)}, but expects ${expected}. Change the layers, or the data set.`,
    { layer: layer.name, input: formatShape(input) },
  );
}
