import { expect } from 'chai';
import type { SegmentState } from '../../../src/engine/engine.js';
import {
  addToSum,
  meanOf,
  optimizerMeans,
  sumLengths,
  type OptimizerMean,
} from '../../../src/engine/mean_state.js';

const floats = (...values: number[]) => Float32Array.from(values);

/** One layer group of two parameters, under an optimiser of one slot. */
const first = (): SegmentState => ({
  weights: floats(1, 2),
  optimizers: [{ step: 3, slots: [floats(10, 20)] }],
});
const second = (): SegmentState => ({
  weights: floats(4, 8),
  optimizers: [{ step: 6, slots: [floats(1, 2)] }],
});

/** (1 first + 3 second) / 4, as the second client has it. */
function meanBy(optimizers: OptimizerMean): SegmentState {
  const sum = addToSum(addToSum(undefined, [first()], 1, optimizers), [second()], 3, optimizers);
  const [mean] = meanOf(sum, 4, [second()], optimizers);
  return mean;
}

describe('a mean of states', () => {
  it('weights every weight: (1 x 1 + 3 x 4) / 4 and (1 x 2 + 3 x 8) / 4', () => {
    for (const optimizers of optimizerMeans)
      expect([...meanBy(optimizers).weights], optimizers).to.deep.equal([3.25, 6.5]);
  });

  it('reset: has no optimisers', () => {
    expect(meanBy('reset').optimizers).to.deep.equal([]);
  });

  it('average: has the mean of the slots, and of the step counts rounded: (1 x 3 + 3 x 6) / 4 = 5.25', () => {
    expect(meanBy('average').optimizers).to.deep.equal([{ step: 5, slots: [floats(3.25, 6.5)] }]);
  });

  it('keep: has its own optimisers', () => {
    expect(meanBy('keep').optimizers).to.deep.equal(second().optimizers);
  });

  it('changes neither the sum before nor the states', () => {
    const [one, two] = [first(), second()];
    const before = addToSum(undefined, [one], 1, 'average');
    const copy = before.map((vector) => vector.slice());
    addToSum(before, [two], 3, 'average');
    expect(before).to.deep.equal(copy);
    expect([one, two]).to.deep.equal([first(), second()]);
  });

  it('of one client is its state, bit for bit', () => {
    const own = { weights: floats(0.1, 1 / 3), optimizers: [{ step: 7, slots: [floats(1e-40, -0)] }] };
    const [mean] = meanOf(addToSum(undefined, [own], 17, 'average'), 17, [own], 'average');
    expect(mean).to.deep.equal({ ...own, optimizers: [{ step: 7, slots: [floats(1e-40, 0)] }] });
  });

  it('is summed in float64, in the order of the clients', () => {
    const of = (...values: number[]) => {
      let sum: ReturnType<typeof addToSum> | undefined;
      for (const value of values)
        sum = addToSum(sum, [{ weights: floats(value), optimizers: [] }], 1, 'reset');
      return meanOf(sum ?? [], 1, [first()], 'reset')[0].weights[0];
    };
    // 2^24 + 1 is no float32.
    expect(of(2 ** 24, 1, -(2 ** 24))).to.equal(1);
    expect(of(2 ** 60, 1, -(2 ** 60))).to.equal(0);
    expect(of(2 ** 60, -(2 ** 60), 1)).to.equal(1);
  });

  it('of several segments has each its own, groups and slots in order', () => {
    const states = (base: number): readonly SegmentState[] => [
      {
        weights: floats(base, base + 1),
        optimizers: [
          { step: base, slots: [floats(base + 2), floats(base + 3)] },
          { step: base + 1, slots: [floats(base + 4), floats(base + 5)] },
        ],
      },
      { weights: floats(base + 6), optimizers: [{ step: base + 2, slots: [] }] },
    ];
    expect(sumLengths(states(0), 'reset')).to.deep.equal([2, 1]);
    expect(sumLengths(states(0), 'keep')).to.deep.equal([2, 1]);
    expect(sumLengths(states(0), 'average')).to.deep.equal([2, 1, 1, 1, 1, 1, 1, 1, 1]);
    const sum = addToSum(addToSum(undefined, states(10), 1, 'average'), states(20), 1, 'average');
    expect(sum.map(({ length }) => length)).to.deep.equal(sumLengths(states(0), 'average'));
    expect(meanOf(sum, 2, states(20), 'average')).to.deep.equal(states(15));
  });
});
