import { numElements } from '../../core/shapes.js';
import { noParameters, type LayerFacts } from './layer_facts.js';

/** max(x, 0); the gradient at 0 is 0. */
export interface Relu {
  readonly kind: 'relu';
  readonly name: string;
}

export const relu = (name: string): Relu => ({ kind: 'relu', name });

export const reluFacts: LayerFacts<Relu> = {
  outputShape: (_layer, input) => input,
  parameters: noParameters,
  costs(_layer, input) {
    const size = numElements(input);
    return { forwardFlop: size, parameterFlop: 0, inputFlop: size, numKept: size };
  },
  isLinear: false,
};
