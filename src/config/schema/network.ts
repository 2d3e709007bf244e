import { DEFAULT_CUT } from '../../models/network.js';
import { modelNames } from '../../models/registry.js';
import { integer, layer, oneOf, positive, real } from '../formats.js';
import type { OptimizerConfig, RunConfig } from '../run_config.js';
import type { Schema } from './key_schema.js';

const optimizer = (side: string): Schema<OptimizerConfig> => ({
  name: { doc: `Optimiser of the ${side}, as in PyTorch.`, format: oneOf(['sgd', 'adam']), default: 'sgd' },
  lr: { doc: `Learning rate of the ${side}; Adam wants about 0.001.`, format: positive(), default: 0.01 },
  momentum: { doc: `Momentum of SGD in the ${side}.`, format: real(0, 1), default: 0.9 },
  weight_decay: {
    doc: `Weight decay of the ${side}, added to the gradient.`,
    format: real(0),
    default: 5e-4,
  },
  beta1: { doc: `Decay of Adam's first moment in the ${side}.`, format: real(0, 1), default: 0.9 },
  beta2: { doc: `Decay of Adam's second moment in the ${side}.`, format: real(0, 1), default: 0.999 },
  epsilon: { doc: `Added to Adam's denominator in the ${side}.`, format: positive(), default: 1e-8 },
});

/** The network, where it is cut, and how its two parts learn. */
export const networkKeys = {
  model: { doc: 'Network.', format: oneOf(modelNames), default: 'lenet' },
  cut: {
    doc: 'Where the network is cut: name of the last layer of the head, or the number of its layers.',
    format: layer,
    default: DEFAULT_CUT,
  },
  batch_size: {
    doc: 'Rows in a batch; the last batch of a pass may be smaller.',
    format: integer(1, 65_536),
    default: 32,
  },
  optimizer: { head: optimizer('head'), tail: optimizer('tail') },
  seed: {
    doc: 'Every random draw follows from it.',
    format: integer(0),
    default: 0,
  },
} satisfies Partial<Schema<RunConfig>>;
