import { expect } from 'chai';
import { formatShape, numElements, sameShape } from '../../../src/core/shapes.js';

describe('shapes', () => {
  it('numElements multiplies the axes; a scalar has one entry, an empty axis none', () => {
    expect([[2, 3, 4], [7], [], [5, 0, 2]].map(numElements)).to.deep.equal([24, 7, 1, 0]);
  });

  it('formatShape joins the axes', () => {
    expect(formatShape([16, 5, 5])).to.equal('16x5x5');
    expect(formatShape([10])).to.equal('10');
  });

  it('sameShape compares every axis, and their number', () => {
    expect(sameShape([2, 3], [2, 3])).to.equal(true);
    expect(sameShape([], [])).to.equal(true);
    expect(sameShape([2, 3], [3, 2])).to.equal(false);
    expect(sameShape([2, 3], [2, 3, 1])).to.equal(false);
    expect(sameShape([2, 3, 1], [2, 3])).to.equal(false);
  });
});
