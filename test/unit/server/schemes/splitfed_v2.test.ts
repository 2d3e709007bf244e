import { expect } from 'chai';
import { splitfedV2 } from '../../../../src/server/schemes/splitfed_v2.js';

describe('the order in which the tail of SplitFed v2 takes batches', () => {
  const clients = [1, 4, 6, 7, 9];
  const at = { seed: 3, round: 2, localStep: 5 };

  it('is a permutation of the clients', () => {
    expect(splitfedV2.order(clients, at).toSorted()).to.deep.equal(clients);
    expect(splitfedV2.order([4], at)).to.deep.equal([4]);
  });

  it('is drawn by seed, round and local step alone', () => {
    const order = splitfedV2.order(clients, at);
    expect(splitfedV2.order(clients, { ...at })).to.deep.equal(order);
    const orders = Array.from({ length: 8 }, (_, index) => [
      splitfedV2.order(clients, { ...at, seed: index }),
      splitfedV2.order(clients, { ...at, round: index }),
      splitfedV2.order(clients, { ...at, localStep: index }),
    ]);
    for (const which of [0, 1, 2])
      expect(new Set(orders.map((each) => String(each[which]))).size, `of 8: ${which}`).to.be.greaterThan(4);
  });
});
