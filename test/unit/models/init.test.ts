import { expect } from 'chai';
import { numElements } from '../../../src/core/shapes.js';
import { initialWeights } from '../../../src/models/init.js';
import { dense, parametersOf } from '../../../src/models/layers.js';
import { splitNetwork } from '../../../src/models/network.js';
import { modelNames, models } from '../../../src/models/registry.js';

const SEED = 0;

describe('initialWeights', () => {
  for (const name of modelNames) {
    const network = models[name]({ picture: [1, 28, 28], numClasses: 10 });
    const weights = initialWeights(network.layers, SEED);

    it(`${name}: each parameter fills +-1/sqrt(fan in), or is constant`, () => {
      let start = 0;
      for (const { name: parameter, shape, initial } of parametersOf(network.layers)) {
        const own = weights.subarray(start, (start += numElements(shape)));
        if ('constant' in initial) {
          expect(new Set(own), parameter).to.deep.equal(new Set([initial.constant]));
          continue;
        }
        const largest = own.map(Math.abs).reduce((a, b) => Math.max(a, b)) * Math.sqrt(initial.fanIn);
        expect(largest, parameter).to.be.at.most(1 + 1e-6);
        if (own.length >= 100) expect(largest, parameter).to.be.greaterThan(0.9);
      }
      expect(start).to.equal(weights.length);
    });

    it(`${name}: no cut changes them`, () => {
      for (const { name: cut } of network.layers.slice(0, -1)) {
        const { head, tail } = splitNetwork(network, cut);
        const parts = [head, tail].flatMap(({ layers }) => [...initialWeights(layers, SEED)]);
        expect(Float32Array.from(parts), cut).to.deep.equal(weights);
      }
    });
  }

  it('are uniform: ten bins of equal width hold about a tenth each, and neighbours are independent', () => {
    const [numIn, numOut] = [100, 200];
    const own = initialWeights([dense('fc', numIn, numOut)], SEED).subarray(0, numIn * numOut);
    const uniforms = own.map((weight) => (weight * Math.sqrt(numIn) + 1) / 2);
    const bins = new Array<number>(10).fill(0);
    for (const value of uniforms) bins[Math.min(9, Math.floor(value * 10))]++;
    const want = own.length / 10;
    const chiSquare = bins.reduce((sum, count) => sum + (count - want) ** 2 / want, 0);
    expect(chiSquare, '9 degrees of freedom: 27.9 is exceeded once in 1,000').to.be.lessThan(27.9);

    // Correlation of neighbours has a standard deviation of 1/sqrt(20,000) = 0.007.
    const products = uniforms.subarray(1).map((value, index) => (value - 0.5) * (uniforms[index] - 0.5) * 12);
    expect(products.reduce((sum, value) => sum + value, 0) / products.length).to.be.within(-0.03, 0.03);
  });

  it('differ between seeds and between parameters, and are the same for the same seed', () => {
    const layers = [dense('fc1', 8, 8), dense('fc2', 8, 8)];
    const weights = initialWeights(layers, 1);
    expect(initialWeights(layers, 1)).to.deep.equal(weights);
    const numSame = (a: Float32Array, b: Float32Array) =>
      a.filter((value, index) => value === b[index]).length;
    expect(numSame(initialWeights(layers, 2), weights)).to.equal(0);
    expect(numSame(weights.subarray(0, 72), weights.subarray(72))).to.equal(0);
  });

  it('are these for ever: another generator would change every run', () => {
    const weights = initialWeights([dense('fc', 2, 2)], SEED);
    expect([...weights]).to.deep.equal([
      0.6074753403663635, -0.5821060538291931, 0.5672231316566467, 0.19673946499824524, 0.1992449164390564,
      -0.6060478687286377,
    ]);
  });
});
