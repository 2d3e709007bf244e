import { expect } from 'chai';
import { drawDirichlet, drawLogGamma, drawNormal } from '../../../src/core/distributions.js';
import { randomStream } from '../../../src/core/random.js';
import { readFixture } from '../../support/fixtures.js';

interface Described {
  readonly mean: number;
  readonly variance: number;
  readonly quantiles: readonly number[];
}

/** What `make_distributions.py` wrote. */
const scipy = JSON.parse(readFixture('distributions.json').toString()) as {
  readonly probabilities: readonly number[];
  readonly normal: Described;
  readonly log_gamma: readonly (Described & { readonly shape: number })[];
  readonly dirichlet_of_5: readonly (Described & { readonly alpha: number })[];
};

const NUM_DRAWS = 50_000;

/** Draws have the moments and the distribution function that SciPy says. */
function expectDistribution(draw: () => number, { mean, variance, quantiles }: Described): void {
  const draws = Float64Array.from({ length: NUM_DRAWS }, draw).sort();
  const average = draws.reduce((sum, value) => sum + value, 0) / NUM_DRAWS;
  expect(Math.abs(average - mean), 'mean').to.be.below(4 * Math.sqrt(variance / NUM_DRAWS));
  const spread = draws.reduce((sum, value) => sum + (value - average) ** 2, 0) / NUM_DRAWS;
  // The kurtosis of these is 9 at most, so that the standard deviation of this quotient is sqrt(8 / 50,000) = 0.013.
  expect(spread / variance, 'variance').to.be.within(0.95, 1.05);
  const distances = quantiles.map((quantile, at) => {
    const below = draws.findIndex((value) => value > quantile);
    return Math.abs(below / NUM_DRAWS - scipy.probabilities[at]);
  });
  // Kolmogorov and Smirnov: exceeded once in 1,000.
  expect(Math.max(...distances), 'distance').to.be.below(1.95 / Math.sqrt(NUM_DRAWS));
}

describe('drawNormal', () => {
  it('draws from the standard normal distribution', () => {
    const stream = randomStream(1, 'partition', 'normal');
    expectDistribution(() => drawNormal(stream), scipy.normal);
  });
});

describe('drawLogGamma', () => {
  for (const described of scipy.log_gamma) {
    it(`draws the logarithm of a gamma variable of shape ${described.shape}`, () => {
      const stream = randomStream(2, 'partition', 'gamma');
      expectDistribution(() => drawLogGamma(described.shape, stream), described);
    });
  }
});

describe('drawDirichlet', () => {
  for (const described of scipy.dirichlet_of_5) {
    it(`draws shares of 5 with alpha ${described.alpha}`, () => {
      const stream = randomStream(3, 'partition', 'dirichlet');
      expectDistribution(() => drawDirichlet(described.alpha, 5, stream)[2], described);
    });
  }

  it('gives shares that add up to 1, also where gamma variables are smaller than any float64, or very large', () => {
    for (const alpha of [1e-300, 1e-5, 0.001, 1, 1e6, 1e300]) {
      const stream = randomStream(4, 'partition', 'dirichlet');
      for (let draw = 0; draw < 200; draw++) {
        const shares = drawDirichlet(alpha, 7, stream);
        expect(shares.every((share) => share >= 0 && share <= 1)).to.equal(true);
        expect(shares.reduce((sum, share) => sum + share, 0)).to.be.closeTo(1, 1e-12);
        if (alpha >= 1e6) for (const share of shares) expect(share).to.be.closeTo(1 / 7, 1e-3);
        if (alpha <= 1e-5) expect(Math.max(...shares)).to.be.above(0.999);
      }
    }
  });
});
