import { expect } from 'chai';
import fc from 'fast-check';
import { randomPermutation, randomStream } from '../../../src/core/random.js';

const draw = (stream: ReturnType<typeof randomStream>, length = 4) =>
  Array.from({ length }, () => stream.uniform());

describe('randomStream', () => {
  it('gives these numbers for ever: another generator would change every run', () => {
    expect(draw(randomStream(0, 'init', 'conv1.weight'))).to.deep.equal([
      0.5021241725149116, 0.7481569339833094, 0.47600333895695657, 0.0635628375114563,
    ]);
    const stream = randomStream(42, 'shuffle', 1, 2, 3);
    expect(Array.from({ length: 8 }, () => stream.integer(1000))).to.deep.equal([
      893, 689, 512, 402, 872, 50, 183, 431,
    ]);
    expect([...randomPermutation(10, randomStream(0, 'partition'))]).to.deep.equal([
      2, 6, 8, 3, 4, 7, 0, 1, 5, 9,
    ]);
  });

  it('depends on its key alone, not on what was drawn elsewhere', () => {
    const alone = draw(randomStream(7, 'init', 'a'), 10);
    const [a, b] = [randomStream(7, 'init', 'a'), randomStream(7, 'init', 'b')];
    const interleaved = alone.map(() => {
      b.integer(5);
      return a.uniform();
    });
    expect(interleaved).to.deep.equal(alone);
  });

  it('differs with seed, purpose and every part of the key', () => {
    const streams = [
      randomStream(0, 'init'),
      randomStream(1, 'init'),
      randomStream(0, 'shuffle'),
      randomStream(0, 'partition'),
      randomStream(0, 'init', 1),
      randomStream(0, 'init', '1'),
      randomStream(0, 'init', 1, 23),
      randomStream(0, 'init', 12, 3),
      randomStream(0, 'init', '1,23'),
      randomStream(0, 'init', ''),
    ];
    expect(new Set(streams.map((stream) => stream.uniform())).size).to.equal(streams.length);
  });

  it('uniform: in [0, 1), with a mean of a half and more than 32 bits', () => {
    const values = draw(randomStream(3, 'init'), 10_000);
    expect(values.every((value) => value >= 0 && value < 1)).to.equal(true);
    // The standard deviation of the mean is 1/sqrt(12 * 10,000) = 0.003.
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).to.be.within(0.488, 0.512);
    expect(values.some((value) => (value * 2 ** 32) % 1 !== 0)).to.equal(true);
  });

  it('integer: whole and below its bound', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 31 }), (seed, below) => {
        const value = randomStream(seed, 'shuffle').integer(below);
        return Number.isInteger(value) && value >= 0 && value < below;
      }),
    );
  });

  it('integer: every value comes up equally often', () => {
    const stream = randomStream(5, 'shuffle');
    const counts = new Array<number>(7).fill(0);
    for (let draws = 0; draws < 7000; draws++) counts[stream.integer(7)]++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare, '6 degrees of freedom: 22.5 is exceeded once in 1,000').to.be.lessThan(22.5);
  });
});

describe('randomPermutation', () => {
  it('holds every number once, the same ones in the same order for the same stream', () => {
    fc.assert(
      fc.property(fc.nat({ max: 300 }), fc.integer(), (length, seed) => {
        const order = randomPermutation(length, randomStream(seed, 'shuffle'));
        expect([...order].sort((a, b) => a - b)).to.deep.equal([...Array(length).keys()]);
        expect(randomPermutation(length, randomStream(seed, 'shuffle'))).to.deep.equal(order);
      }),
    );
  });

  it('gives every order equally often', () => {
    const stream = randomStream(6, 'shuffle');
    const counts = new Map<string, number>();
    for (let draws = 0; draws < 4800; draws++) {
      const order = randomPermutation(4, stream).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).to.equal(24);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);
    expect(chiSquare, '23 degrees of freedom: 49.7 is exceeded once in 1,000').to.be.lessThan(49.7);
  });
});
