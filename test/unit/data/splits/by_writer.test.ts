import { expect } from 'chai';
import fc from 'fast-check';
import { ConfigError } from '../../../../src/core/errors.js';
import { splitByWriter } from '../../../../src/data/splits/by_writer.js';
import { evenInput, expectDealt } from '../../../support/split_inputs.js';

/** Rows of these writers, one class. */
const inputOf = (writers: readonly number[], numClients: number, seed = 0) => ({
  ...evenInput(writers.length, 1, numClients, seed),
  writers: Uint32Array.from(writers),
});

describe('splitByWriter', () => {
  it('deals every row once, tears no writer apart, and gives each client as many writers as another, or one more', () => {
    const any = fc
      .tuple(
        fc.array(fc.constantFrom(0, 1, 2, 3, 5, 8, 13, 3_000_000_000), { minLength: 1 }),
        fc.integer({ min: 1, max: 8 }),
      )
      .filter(([writers, numClients]) => new Set(writers).size >= numClients);
    fc.assert(
      fc.property(any, fc.nat(), ([writers, numClients], seed) => {
        const input = inputOf(writers, numClients, seed);
        const partition = splitByWriter(input, {});
        expectDealt(partition, input);
        expect(partition.numLeftOut).to.equal(0);
        const writersOf = partition.shards.map((shard) => new Set(Array.from(shard, (row) => writers[row])));
        const numbers = writersOf.map(({ size }) => size);
        expect(Math.max(...numbers) - Math.min(...numbers)).to.be.at.most(1);
        expect(numbers.reduce((a, b) => a + b, 0)).to.equal(new Set(writers).size);
      }),
    );
  });

  it('depends on the seed alone, and groups the writers anew with another', () => {
    const writers = Array.from({ length: 300 }, (_, row) => Math.floor(row / 10));
    const partition = splitByWriter(inputOf(writers, 5, 1), {});
    expect(splitByWriter(inputOf(writers, 5, 1), {})).to.deep.equal(partition);
    expect(splitByWriter(inputOf(writers, 5, 2), {})).not.to.deep.equal(partition);
    const first = [...partition.shards[0]];
    expect(first).not.to.deep.equal([...Array(60).keys()]);
  });

  it('as many clients as writers: each is one of them', () => {
    const { shards } = splitByWriter(inputOf([7, 9, 7, 8, 9, 7], 3), {});
    expect(shards.map((shard) => [...shard])).to.have.deep.members([[0, 2, 5], [1, 4], [3]]);
  });

  it('refuses more clients than writers', () => {
    expect(() => splitByWriter(inputOf([1, 1, 2, 2], 3), {}))
      .to.throw(ConfigError, /`n_workers` is 3, but the training rows are of 2 writers/)
      .with.property('code', 'ERR_TOO_FEW_WRITERS');
  });

  it('refuses a data set without writers, and names one that has them', () => {
    expect(() => splitByWriter(evenInput(10, 2, 2), {}))
      .to.throw(ConfigError, /who wrote each row, and this one does not. Take `dataset` femnist/)
      .with.property('code', 'ERR_NO_WRITERS');
  });
});
