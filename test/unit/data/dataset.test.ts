import { expect } from 'chai';
import { limitRows, toShared } from '../../../src/data/dataset.js';

const rows = {
  numRows: 3,
  pictures: toShared(Uint8Array.of(10, 11, 20, 21, 30, 31)),
  labels: toShared(Uint8Array.of(1, 2, 3)),
};

describe('limitRows', () => {
  it('keeps the first rows', () => {
    const { numRows, pictures, labels } = limitRows(rows, 2);
    expect({ numRows, pictures: [...pictures], labels: [...labels] }).to.deep.equal({
      numRows: 2,
      pictures: [10, 11, 20, 21],
      labels: [1, 2],
    });
  });

  it('keeps all where there are fewer, and where the limit is 0', () => {
    for (const limit of [0, 3, 4, Number.MAX_SAFE_INTEGER])
      expect(limitRows(rows, limit)).to.deep.equal(rows);
  });

  it('copies nothing', () => {
    expect(limitRows(rows, 1).pictures.buffer).to.equal(rows.pictures.buffer);
    expect(limitRows(rows, 1).labels.buffer).to.equal(rows.labels.buffer);
  });
});

describe('toShared', () => {
  it('copies the bytes of a part of a buffer into shared memory', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4);
    const shared = toShared(bytes.subarray(1, 3));
    bytes.fill(0);
    expect(shared.buffer).to.be.instanceOf(SharedArrayBuffer);
    expect(shared.buffer.byteLength).to.equal(2);
    expect([...shared]).to.deep.equal([2, 3]);
  });
});
