import { numElements } from '../../core/shapes.js';
import { misfit, pictureOf, productCosts, type LayerFacts } from './layer_facts.js';

/** 2-D convolution (cross-correlation); weight [O, C, k, k], and a bias [O] where it has one. */
export interface Conv2d {
  readonly kind: 'conv2d';
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly hasBias: boolean;
}

export const conv2d = (
  name: string,
  inChannels: number,
  outChannels: number,
  kernelSize: number,
  { stride = 1, padding = 0, hasBias = true } = {},
): Conv2d => ({ kind: 'conv2d', name, inChannels, outChannels, kernelSize, stride, padding, hasBias });

export const conv2dFacts: LayerFacts<Conv2d> = {
  outputShape(layer, input) {
    const [channels, height, width] = pictureOf(layer, input);
    const { inChannels, outChannels, kernelSize, stride, padding } = layer;
    if (channels !== inChannels) throw misfit(layer, input, `${inChannels} channels`);
    const size = (length: number) => Math.floor((length + 2 * padding - kernelSize) / stride) + 1;
    if (size(height) < 1 || size(width) < 1)
      throw misfit(layer, input, `at least ${kernelSize - 2 * padding} pixels a side`);
    return [outChannels, size(height), size(width)];
  },
  parameters({ name, inChannels, outChannels, kernelSize, hasBias }) {
    const initial = { fanIn: inChannels * kernelSize ** 2 };
    const shape = [outChannels, inChannels, kernelSize, kernelSize];
    const weight = { name: `${name}.weight`, shape, initial };
    return hasBias ? [weight, { name: `${name}.bias`, shape: [outChannels], initial }] : [weight];
  },
  costs(layer, input) {
    const numOutputs = numElements(conv2dFacts.outputShape(layer, input));
    return productCosts(numOutputs, layer.inChannels * layer.kernelSize ** 2, layer.hasBias);
  },
  isLinear: true,
};
