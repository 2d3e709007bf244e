import { expect } from 'chai';
import { freeBuffers } from '../../../src/core/free.js';

describe('buffers that are freed', () => {
  it('are empty, and their memory is counted no more, without a collection', () => {
    const buffers = [1, 2, 3].map((number) => new ArrayBuffer(number << 24));
    const before = process.memoryUsage().arrayBuffers;
    freeBuffers(buffers);
    expect(buffers.map(({ byteLength }) => byteLength)).to.deep.equal([0, 0, 0]);
    // Or more, where a collection that has begun frees others meanwhile.
    expect(before - process.memoryUsage().arrayBuffers).to.be.above(95_000_000);
  });

  it('may be none', () => {
    freeBuffers([]);
  });
});
