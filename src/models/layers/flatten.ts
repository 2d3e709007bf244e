import { numElements } from '../../core/shapes.js';
import { noParameters, type LayerFacts } from './layer_facts.js';

/** [B, C, H, W] -> [B, C*H*W] */
export interface Flatten {
  readonly kind: 'flatten';
  readonly name: string;
}

export const flatten = (name: string): Flatten => ({ kind: 'flatten', name });

export const flattenFacts: LayerFacts<Flatten> = {
  outputShape: (_layer, input) => [numElements(input)],
  parameters: noParameters,
  costs: () => ({ forwardFlop: 0, parameterFlop: 0, inputFlop: 0, numKept: 0 }),
  isLinear: true,
};
