import { numElements } from '../../core/shapes.js';
import { misfit, noParameters, pictureOf, type LayerFacts } from './layer_facts.js';

/**
 * Largest value of each k x k window, windows side by side, incomplete ones dropped. The gradient goes to one position of
 * a window: the first in row-major order, also where several tie.
 */
export interface MaxPool2d {
  readonly kind: 'max_pool2d';
  readonly name: string;
  readonly kernelSize: number;
}

export const maxPool2d = (name: string, kernelSize: number): MaxPool2d => ({
  kind: 'max_pool2d',
  name,
  kernelSize,
});

export const maxPool2dFacts: LayerFacts<MaxPool2d> = {
  outputShape(layer, input) {
    const [channels, height, width] = pictureOf(layer, input);
    const size = (length: number) => Math.floor(length / layer.kernelSize);
    if (size(height) < 1 || size(width) < 1)
      throw misfit(layer, input, `at least ${layer.kernelSize} pixels a side`);
    return [channels, size(height), size(width)];
  },
  parameters: noParameters,
  costs(layer, input) {
    const numOutputs = numElements(maxPool2dFacts.outputShape(layer, input));
    const numCompared = numOutputs * layer.kernelSize ** 2;
    return { forwardFlop: numCompared, parameterFlop: 0, inputFlop: numCompared, numKept: numOutputs };
  },
  isLinear: false,
};
