import { expect } from 'chai';
import fc from 'fast-check';
import type { Shard } from '../../../../src/data/splits/data_split.js';
import { partitionIid, partitionInOrder } from '../../../../src/data/splits/iid.js';

const sizes = fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 40 }));

function expectFairDeal(shards: readonly Shard[], numRows: number, numClients: number): void {
  expect(shards).to.have.lengthOf(numClients);
  const dealt = shards.flatMap((shard) => [...shard]).sort((a, b) => a - b);
  expect(dealt).to.deep.equal(Array.from({ length: numRows }, (_, row) => row));
  const lengths = shards.map(({ length }) => length);
  expect(Math.max(...lengths) - Math.min(...lengths)).to.be.at.most(1);
}

describe('partitionIid', () => {
  it('deals every row to exactly one client, in shards that differ by one at most', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), ([numRows, numClients], seed) => {
        expectFairDeal(partitionIid(numRows, numClients, seed), numRows, numClients);
      }),
    );
    expectFairDeal(partitionIid(60_000, 7, 0), 60_000, 7);
  });

  it('depends on the seed alone', () => {
    const shards = partitionIid(1000, 4, 3);
    expect(partitionIid(1000, 4, 3)).to.deep.equal(shards);
    expect(partitionIid(1000, 4, 4)).to.not.deep.equal(shards);
  });

  it('mixes: a shard is no run of rows, and holds about as many of each quarter', () => {
    const [first] = partitionIid(4000, 4, 0);
    expect([...first]).to.not.deep.equal([...first.toSorted()]);
    // Of 1000 rows drawn from 4000, 250 of the first quarter are expected, with a standard deviation of 11.9.
    expect(first.filter((row) => row < 1000).length).to.be.within(190, 310);
  });
});

describe('partitionInOrder', () => {
  it('gives each client its run of rows', () => {
    const runs = partitionInOrder(10, 3).map((shard) => [...shard]);
    expect(runs).to.deep.equal([
      [0, 1, 2],
      [3, 4, 5],
      [6, 7, 8, 9],
    ]);
    expect(partitionInOrder(2, 4).map((shard) => [...shard])).to.deep.equal([[], [0], [], [1]]);
  });

  it('deals every row to exactly one client, in shards that differ by one at most', () => {
    fc.assert(
      fc.property(sizes, ([numRows, numClients]) => {
        const shards = partitionInOrder(numRows, numClients);
        expectFairDeal(shards, numRows, numClients);
        expect(shards.flatMap((shard) => [...shard])).to.deep.equal([...Array(numRows).keys()]);
      }),
    );
  });
});
