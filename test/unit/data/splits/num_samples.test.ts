import { expect } from 'chai';
import fc from 'fast-check';
import { ConfigError } from '../../../../src/core/errors.js';
import { splitNumSamples } from '../../../../src/data/splits/num_samples.js';
import { anySplitInput, classCountsOf, evenInput, expectDealt } from '../../../support/split_inputs.js';

describe('splitNumSamples', () => {
  const sizesOf = (samplesSigma: number, numClients: number, seed = 0) =>
    splitNumSamples(evenInput(100_000, 10, numClients, seed), { samplesSigma, minSamples: 1 }).shards.map(
      ({ length }) => length,
    );

  it('deals every row once, and each client its minimum', () => {
    const enough = fc
      .tuple(anySplitInput, fc.integer({ min: 1, max: 5 }), fc.double({ min: 0, max: 0.7, noNaN: true }))
      .filter(([{ labels, numClients }, minSamples]) => labels.length >= 4 * numClients * minSamples);
    fc.assert(
      fc.property(enough, ([input, minSamples, samplesSigma]) => {
        const partition = splitNumSamples(input, { samplesSigma, minSamples });
        expectDealt(partition, input);
        expect(partition.numLeftOut).to.equal(0);
        for (const shard of partition.shards) expect(shard.length).to.be.at.least(minSamples);
      }),
    );
  });

  it('depends on the seed alone', () => {
    const options = { samplesSigma: 1, minSamples: 1 };
    const partition = splitNumSamples(evenInput(600, 6, 5, 1), options);
    expect(splitNumSamples(evenInput(600, 6, 5, 1), options)).to.deep.equal(partition);
    expect(splitNumSamples(evenInput(600, 6, 5, 2), options)).not.to.deep.equal(partition);
  });

  it('sigma 0: sizes differ by one at most', () => {
    const sizes = sizesOf(0, 7);
    expect(Math.max(...sizes) - Math.min(...sizes)).to.equal(1);
  });

  it('sizes are log-normal: their logarithms have the standard deviation sigma', () => {
    const logs = sizesOf(0.5, 400).map(Math.log);
    const mean = logs.reduce((a, b) => a + b, 0) / logs.length;
    const deviation = Math.sqrt(logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / logs.length);
    // Its own standard deviation is 0.5 / sqrt(2 * 400) = 0.018.
    expect(deviation).to.be.within(0.44, 0.56);
  });

  it('an enormous sigma gives one client all, and is refused where there are more', () => {
    expect(sizesOf(1e308, 1)).to.deep.equal([100_000]);
    expect(() => sizesOf(1e308, 2)).to.throw(ConfigError);
  });

  it('every client has the same mixture of classes', () => {
    const input = evenInput(50_000, 5, 4);
    const partition = splitNumSamples(input, { samplesSigma: 1, minSamples: 1000 });
    for (const [client, counts] of classCountsOf(partition, input).entries())
      for (const count of counts) expect(count / partition.shards[client].length).to.be.closeTo(0.2, 0.06);
  });

  it('gives up what no draw reaches, and says how near it came and what to change', () => {
    const refused = () => splitNumSamples(evenInput(1000, 2, 50), { samplesSigma: 3, minSamples: 15 });
    expect(refused)
      .to.throw(
        ConfigError,
        new RegExp(
          'num_samples with `samples_sigma` 3 gave none of 10000 draws .* 50 clients .* 15 rows .* a client had \\d+\\. ' +
            'Lower `samples_sigma`, or lower `min_samples` or `n_workers`',
        ),
      )
      .with.property('code', 'ERR_MIN_SAMPLES');
  });
});
