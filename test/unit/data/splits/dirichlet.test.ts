import { expect } from 'chai';
import fc from 'fast-check';
import { ConfigError } from '../../../../src/core/errors.js';
import { splitDirichlet } from '../../../../src/data/splits/dirichlet.js';
import { anySplitInput, classCountsOf, evenInput, expectDealt } from '../../../support/split_inputs.js';

describe('splitDirichlet', () => {
  it('deals every row once, and each client its minimum', () => {
    const enough = fc
      .tuple(anySplitInput, fc.integer({ min: 1, max: 5 }), fc.double({ min: 1, max: 100, noNaN: true }))
      .filter(([{ labels, numClients }, minSamples]) => labels.length >= 4 * numClients * minSamples);
    fc.assert(
      fc.property(enough, ([input, minSamples, dirichletAlpha]) => {
        const partition = splitDirichlet(input, { dirichletAlpha, minSamples });
        expectDealt(partition, input);
        expect(partition.numLeftOut).to.equal(0);
        for (const shard of partition.shards) expect(shard.length).to.be.at.least(minSamples);
      }),
    );
  });

  it('depends on the seed alone', () => {
    const options = { dirichletAlpha: 0.5, minSamples: 1 };
    const partition = splitDirichlet(evenInput(600, 6, 5, 1), options);
    expect(splitDirichlet(evenInput(600, 6, 5, 1), options)).to.deep.equal(partition);
    expect(splitDirichlet(evenInput(600, 6, 5, 2), options)).not.to.deep.equal(partition);
  });

  it('alpha large: each client has nearly the same of each class, but other rows', () => {
    const input = evenInput(10_000, 10, 5);
    const partition = splitDirichlet(input, { dirichletAlpha: 1e6, minSamples: 10 });
    for (const counts of classCountsOf(partition, input))
      for (const count of counts) expect(count).to.be.within(198, 202);
    // Of the first 2000 rows, 400 are expected at a client, with a standard deviation of 16.
    for (const shard of partition.shards)
      expect(shard.filter((row) => row < 2000).length).to.be.within(336, 464);
  });

  it('alpha small: each class is at one client', () => {
    const input = evenInput(10_000, 10, 3);
    const counts = classCountsOf(splitDirichlet(input, { dirichletAlpha: 0.001, minSamples: 10 }), input);
    for (let label = 0; label < 10; label++) {
      const ofClass = counts.map((count_K) => count_K[label]);
      expect(Math.max(...ofClass), ofClass.join()).to.be.above(980);
    }
  });

  it('the shares have the variance of Dirichlet(alpha)', () => {
    const input = evenInput(40_000, 200, 4);
    const counts = classCountsOf(splitDirichlet(input, { dirichletAlpha: 0.5, minSamples: 1 }), input);
    // Of 4 shares with alpha 0.5, each has variance (1/4) (3/4) / (4 * 0.5 + 1) = 0.0625 around 1/4.
    const squares = counts.flat().map((count) => (count / 200 - 1 / 4) ** 2);
    expect(squares.reduce((a, b) => a + b, 0) / squares.length).to.be.within(0.055, 0.07);
  });

  it('is in proportion: a client has the rows of a class that its share says, whatever its size', () => {
    const small = evenInput(1000, 2, 4);
    const large = evenInput(100_000, 2, 4);
    const options = { dirichletAlpha: 1, minSamples: 1 };
    const ofLarge = classCountsOf(splitDirichlet(large, options), large);
    for (const [client, counts] of classCountsOf(splitDirichlet(small, options), small).entries())
      for (const [label, count] of counts.entries())
        expect(count).to.be.closeTo(ofLarge[client][label] / 100, 1);
  });

  it('refuses more rows than there are before it draws', () => {
    const refused = () => splitDirichlet(evenInput(39, 2, 4), { dirichletAlpha: 1, minSamples: 10 });
    expect(refused)
      .to.throw(ConfigError, /`n_workers` 4 and `min_samples` 10 ask for 40 training rows, but there are 39/)
      .with.property('code', 'ERR_MIN_SAMPLES');
  });

  it('gives up what no draw reaches, and says how near it came and what to change', () => {
    // Each of 2 classes goes to one client nearly whole: 3 of 5 clients have nothing.
    const refused = () => splitDirichlet(evenInput(1000, 2, 5), { dirichletAlpha: 1e-4, minSamples: 10 });
    expect(refused)
      .to.throw(
        ConfigError,
        new RegExp(
          'dirichlet with `dirichlet_alpha` 0\\.0001 gave none of 10000 draws .* 5 clients \\(`n_workers`\\) has 10 rows ' +
            '\\(`min_samples`\\): in the best one a client had 0\\. Raise `dirichlet_alpha`, or lower `min_samples` or `n_workers`',
        ),
      )
      .with.property('code', 'ERR_MIN_SAMPLES');
  });
});
