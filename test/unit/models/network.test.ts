import { expect } from 'chai';
import { ConfigError } from '../../../src/core/errors.js';
import { DEFAULT_CUT, splitNetwork, unsplitNetwork } from '../../../src/models/network.js';
import { models } from '../../../src/models/registry.js';

const network = models.femnist_cnn({ picture: [1, 28, 28], numClasses: 10 });

describe('splitNetwork', () => {
  it('cuts after the layer of a name', () => {
    const { cut, head, tail } = splitNetwork(network, 'relu1');
    expect(cut).to.equal('relu1');
    expect(head.layers).to.have.length(2);
    expect(head).to.deep.equal({
      layers: network.layers.slice(0, 2),
      inputShape: [1, 28, 28],
      outputShape: [32, 28, 28],
    });
    expect(tail).to.deep.equal({
      layers: network.layers.slice(2),
      inputShape: [32, 28, 28],
      outputShape: [10],
    });
  });

  it('cuts after a number of layers as after the name, at every place', () => {
    network.layers.slice(0, -1).forEach(({ name }, index) => {
      const split = splitNetwork(network, String(index + 1));
      expect(split).to.deep.equal(splitNetwork(network, name));
      expect(split.cut).to.equal(name);
      expect([...split.head.layers, ...split.tail.layers]).to.deep.equal(network.layers);
    });
  });

  it(`"${DEFAULT_CUT}" is the model's own cut`, () => {
    expect(splitNetwork(network, DEFAULT_CUT)).to.deep.equal(splitNetwork(network, 'pool1'));
  });

  for (const cut of ['fc1', '8', '9', '0', '-1', '1.5', '1e0', '', 'relu9', 'POOL1', ' pool1']) {
    it(`refuses "${cut}", listing every place where the network can be cut`, () => {
      expect(() => splitNetwork(network, cut))
        .to.throw(
          ConfigError,
          `\`cut\` is "${cut}", but "femnist_cnn" can be cut only after one of: conv1 (1), relu1 (2), pool1 (3), ` +
            'conv2 (4), relu2 (5), pool2 (6), flatten (7).',
        )
        .with.property('code', 'ERR_CUT');
    });
  }
});

describe('splitNetwork in the U shape', () => {
  it('gives the client the layers behind the second cut', () => {
    const { cut, head, tail, back } = splitNetwork(network, 'pool1', 'pool2');
    expect(cut).to.equal('pool1');
    const numbers = [head, tail, back].map((part) => part?.layers.length);
    expect(numbers).to.deep.equal([3, 3, network.layers.length - 6]);
    expect(tail.outputShape).to.deep.equal(back?.inputShape);
    expect(back?.outputShape).to.deep.equal([10]);
  });

  it(`"${DEFAULT_CUT}" leaves the client the last layer; without a second cut it has none`, () => {
    expect(splitNetwork(network, 'pool1', DEFAULT_CUT).back?.layers).to.deep.equal(network.layers.slice(-1));
    expect(splitNetwork(network, 'pool1').back).to.equal(null);
  });

  for (const cutBack of ['relu1', 'pool1', '3']) {
    it(`refuses a second cut after ${cutBack}, where the server has no layer`, () => {
      expect(() => splitNetwork(network, 'pool1', cutBack))
        .to.throw(
          ConfigError,
          /the server would have no layer. Move `cut` to the front, or `cut_back` to the back/,
        )
        .with.property('code', 'ERR_CUT');
    });
  }

  it('refuses a second cut that is none', () => {
    expect(() => splitNetwork(network, 'pool1', 'pool9')).to.throw(
      ConfigError,
      /`cut_back` is "pool9", but "femnist_cnn" can be cut only after one of: conv1 \(1\)/,
    );
  });
});

describe('unsplitNetwork', () => {
  it('is the whole network as one part', () => {
    expect(unsplitNetwork(network)).to.deep.equal({
      layers: network.layers,
      inputShape: [1, 28, 28],
      outputShape: [10],
    });
  });
});
