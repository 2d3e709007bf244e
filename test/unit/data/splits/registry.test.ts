import { expect } from 'chai';
import { ConfigError } from '../../../../src/core/errors.js';
import { dataSplitNames, dealtSplitNames, partition } from '../../../../src/data/splits/registry.js';
import { evenInput, expectDealt } from '../../../support/split_inputs.js';

const options = { dirichletAlpha: 0.5, classesPerClient: 2, samplesSigma: 0.5, minSamples: 2 };

describe('partition', () => {
  it('knows every split by its name', () => {
    expect(dealtSplitNames).to.deep.equal(['iid', 'dirichlet', 'num_classes', 'num_samples', 'by_writer']);
    expect(dataSplitNames).to.deep.equal([...dealtSplitNames, 'own']);
  });

  it('every split deals FEMNIST, 805,000 rows of 62 classes and 3,550 writers, to 3,500 clients', () => {
    const even = evenInput(805_000, 62, 3500);
    const writers = Uint32Array.from(even.labels, (_, row) => row % 3550);
    for (const name of dealtSplitNames) {
      const { shards, numLeftOut } = partition(name, { ...even, writers }, options);
      expect(
        shards.reduce((sum, { length }) => sum + length, 0),
        name,
      ).to.equal(805_000);
      expect(numLeftOut).to.equal(0);
      expect(Math.min(...shards.map(({ length }) => length)), name).to.be.at.least(1);
    }
  });

  it('a client for every row is the most', () => {
    for (const name of ['iid', 'num_samples'] as const) {
      const input = evenInput(6, 2, 6);
      const { shards } = partition(name, input, { ...options, samplesSigma: 0, minSamples: 1 });
      expectDealt({ shards, numLeftOut: 0, whyLeftOut: '' }, input);
    }
    for (const name of dealtSplitNames)
      expect(() => partition(name, evenInput(6, 2, 7), options), name)
        .to.throw(ConfigError, /`n_workers` is 7, but there are only 6 training rows/)
        .with.property('code', 'ERR_TOO_MANY_CLIENTS');
  });
});
