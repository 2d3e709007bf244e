import { numElements } from '../../core/shapes.js';
import { misfit, pictureOf, type LayerFacts } from './layer_facts.js';

/**
 * Group normalisation (Wu and He, arXiv 1803.08494): each row's channels in groups, each group brought to mean 0 and
 * variance 1 over its channels and pixels, then weight [C] x + bias [C]. Unlike batch statistics nothing of other rows, and
 * so nothing of other clients, enters.
 */
export interface GroupNorm {
  readonly kind: 'group_norm';
  readonly name: string;
  readonly numGroups: number;
  readonly numChannels: number;
  /** Added to the variance, which is that of all values (divided by their number). */
  readonly epsilon: number;
}

/** As torch.nn.GroupNorm; `numGroups` divides `numChannels`. */
export const groupNorm = (name: string, numGroups: number, numChannels: number): GroupNorm => ({
  kind: 'group_norm',
  name,
  numGroups,
  numChannels,
  epsilon: 1e-5,
});

export const groupNormFacts: LayerFacts<GroupNorm> = {
  outputShape(layer, input) {
    const { numChannels, numGroups } = layer;
    const [channels] = pictureOf(layer, input);
    if (channels !== numChannels || numChannels % numGroups !== 0)
      throw misfit(layer, input, `${numChannels} channels in ${numGroups} equal groups`);
    return input;
  },
  parameters: ({ name, numChannels }) => [
    { name: `${name}.weight`, shape: [numChannels], initial: { constant: 1 } },
    { name: `${name}.bias`, shape: [numChannels], initial: { constant: 0 } },
  ],
  /**
   * A value, forward: mean 1, difference 1, square and sum 2, quotient 1, weight and bias 2. Backward: sums of dy and of dy n
   * 3; then w dy 1, difference 1, n times a mean and difference 2, quotient 1. Kept: n, and the output.
   */
  costs(_layer, input) {
    const size = numElements(input);
    return { forwardFlop: 7 * size, parameterFlop: 3 * size, inputFlop: 5 * size, numKept: 2 * size };
  },
  isLinear: true,
};
