import { expect } from 'chai';
import { measuresOf } from '../../../../src/report/comparison/measures.js';
import type { RunResults } from '../../../../src/report/comparison/results.js';

const results: RunResults = {
  accuracy: 0.5,
  weighted_f1: 0.4,
  macro_f1: 0.3,
  loss: 1,
  wall_seconds: 3,
  bytes_up: null,
  bytes_down: null,
  client_seconds: null,
  forgetting: null,
};

describe('measuresOf', () => {
  it('gives mean and sample standard deviation over runs', () => {
    const { accuracy } = measuresOf([0.5, 0.7, 0.9].map((value) => ({ ...results, accuracy: value })));
    // Deviations -0.2, 0, 0.2: the root of 0.08 / 2.
    expect(accuracy?.mean).to.be.closeTo(0.7, 1e-15);
    expect(accuracy?.spread).to.be.closeTo(0.2, 1e-15);
    expect(accuracy?.runs).to.equal(3);
  });

  it('has no spread of a single run', () => {
    expect(measuresOf([results]).loss).to.deep.equal({ mean: 1, spread: null, runs: 1 });
  });

  it('counts only runs that tell, and is null where none does', () => {
    const { wall_seconds, bytes_up } = measuresOf([results, { ...results, wall_seconds: null }]);
    expect(wall_seconds).to.deep.equal({ mean: 3, spread: null, runs: 1 });
    expect(bytes_up).to.equal(null);
    expect(measuresOf([]).accuracy).to.equal(null);
  });
});
