import { numElements } from '../../core/shapes.js';
import { noParameters, pictureOf, type LayerFacts } from './layer_facts.js';

/** Mean of each channel: [B, C, H, W] -> [B, C] */
export interface GlobalAvgPool2d {
  readonly kind: 'global_avg_pool2d';
  readonly name: string;
}

export const globalAvgPool2d = (name: string): GlobalAvgPool2d => ({ kind: 'global_avg_pool2d', name });

export const globalAvgPool2dFacts: LayerFacts<GlobalAvgPool2d> = {
  outputShape: (layer, input) => [pictureOf(layer, input)[0]],
  parameters: noParameters,
  costs(_layer, input) {
    const size = numElements(input);
    return { forwardFlop: size, parameterFlop: 0, inputFlop: size, numKept: input[0] };
  },
  isLinear: true,
};
