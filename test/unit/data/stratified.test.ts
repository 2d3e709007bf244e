import { expect } from 'chai';
import fc from 'fast-check';
import { countClasses } from '../../../src/data/dataset.js';
import { stratifiedSample } from '../../../src/data/stratified.js';

const NUM_CLASSES = 4;
const anyLabels = fc.uint8Array({ min: 0, max: NUM_CLASSES - 1, minLength: 1, maxLength: 300 });

const countsOf = (labels: Uint8Array, sample: Uint32Array) =>
  countClasses(
    Uint8Array.from(sample, (row) => labels[row]),
    NUM_CLASSES,
  );

describe('stratifiedSample', () => {
  it('has of each class its share, rounded by largest remainder', () => {
    const labels = Uint8Array.from([
      ...Array<number>(50).fill(0),
      ...Array<number>(33).fill(1),
      ...Array<number>(17).fill(3),
    ]);
    // A tenth: 5, 3.3, 0 and 1.7 rows.
    expect(countsOf(labels, stratifiedSample(labels, NUM_CLASSES, 10, 0))).to.deep.equal([5, 3, 0, 2]);
    // 3 %: 1.5, 0.99, 0 and 0.51 rows.
    expect(countsOf(labels, stratifiedSample(labels, NUM_CLASSES, 3, 0))).to.deep.equal([1, 1, 0, 1]);
  });

  it('has so many rows, ascending, none twice, all where there are no more, each class within one of its share', () => {
    fc.assert(
      fc.property(anyLabels, fc.integer({ min: 1, max: 400 }), fc.nat(), (labels, numSamples, seed) => {
        const sample = stratifiedSample(labels, NUM_CLASSES, numSamples, seed);
        const wanted = Math.min(numSamples, labels.length);
        expect(sample).to.have.lengthOf(wanted);
        expect([...sample]).to.deep.equal([...new Set(sample)].sort((a, b) => a - b));
        expect(sample.every((row) => row < labels.length)).to.equal(true);
        const counts = countsOf(labels, sample);
        for (const [label, rows] of countClasses(labels, NUM_CLASSES).entries())
          expect(Math.abs(counts[label] - (rows * wanted) / labels.length)).to.be.below(1);
        expect(stratifiedSample(labels, NUM_CLASSES, numSamples, seed)).to.deep.equal(sample);
      }),
    );
  });

  it('draws by the seed, every row of a class equally often', () => {
    const labels = Uint8Array.from({ length: 20 }, (_, row) => row % 2);
    const times = new Array<number>(20).fill(0);
    let numAlike = 0;
    for (let seed = 0; seed < 2000; seed++) {
      const sample = stratifiedSample(labels, 2, 10, seed);
      for (const row of sample) times[row]++;
      if (sample.every((row) => sample.includes(row % 2 === 0 ? row + 1 : row - 1))) numAlike++;
    }
    // 5 of 10 rows of a class: 1000 times each, with a standard deviation of 22.4.
    expect(Math.min(...times)).to.be.above(900);
    expect(Math.max(...times)).to.be.below(1100);
    // Both classes draw the same 5 of 10 once in 252 samples: 7.9 times, with a standard deviation of 2.8.
    expect(numAlike).to.be.within(1, 20);
  });
});
