import { misfit, productCosts, type LayerFacts } from './layer_facts.js';

/** x W^T + b; weight [out, in]. */
export interface Dense {
  readonly kind: 'dense';
  readonly name: string;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

export const dense = (name: string, inFeatures: number, outFeatures: number): Dense => ({
  kind: 'dense',
  name,
  inFeatures,
  outFeatures,
});

export const denseFacts: LayerFacts<Dense> = {
  outputShape(layer, input) {
    if (input.length !== 1 || input[0] !== layer.inFeatures)
      throw misfit(layer, input, `${layer.inFeatures} features in one axis`);
    return [layer.outFeatures];
  },
  parameters({ name, inFeatures, outFeatures }) {
    const initial = { fanIn: inFeatures };
    return [
      { name: `${name}.weight`, shape: [outFeatures, inFeatures], initial },
      { name: `${name}.bias`, shape: [outFeatures], initial },
    ];
  },
  costs: ({ inFeatures, outFeatures }) => productCosts(outFeatures, inFeatures, true),
  isLinear: true,
};
