import { expect } from 'chai';
import { ConfigError } from '../../../src/core/errors.js';
import { dense, relu } from '../../../src/models/layers.js';
import type { Network } from '../../../src/models/network.js';
import { possibleParts } from '../../../src/planner/placed_parts.js';

const network: Network = {
  model: 'tiny',
  padding: 0,
  inputShape: [4],
  layers: [dense('fc1', 4, 3), relu('relu1'), dense('fc2', 3, 2)],
  defaultCut: 'relu1',
};
const [fc1, relu1, fc2] = network.layers;

describe('possibleParts', () => {
  it('cuts after every layer but the last', () => {
    expect(possibleParts(network, false)).to.deep.equal([
      {
        cut: 'fc1',
        cutBack: undefined,
        head: { layers: [fc1], inputShape: [4], outputShape: [3] },
        server: { layers: [relu1, fc2], inputShape: [3], outputShape: [2] },
        back: undefined,
      },
      {
        cut: 'relu1',
        cutBack: undefined,
        head: { layers: [fc1, relu1], inputShape: [4], outputShape: [3] },
        server: { layers: [fc2], inputShape: [3], outputShape: [2] },
        back: undefined,
      },
    ]);
  });

  it('U-shaped: every pair of cuts, with at least a layer in each part', () => {
    expect(possibleParts(network, true)).to.deep.equal([
      {
        cut: 'fc1',
        cutBack: 'relu1',
        head: { layers: [fc1], inputShape: [4], outputShape: [3] },
        server: { layers: [relu1], inputShape: [3], outputShape: [3] },
        back: { layers: [fc2], inputShape: [3], outputShape: [2] },
      },
    ]);
  });

  it('U-shaped, of two layers: refused, saying what is needed', () => {
    expect(() => possibleParts({ ...network, layers: [fc1, relu1] }, true))
      .to.throw(ConfigError, '"tiny" has 2 layers, but a U-shaped scheme needs three')
      .with.property('code', 'ERR_CUT');
  });
});
