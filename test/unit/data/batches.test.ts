import { expect } from 'chai';
import fc from 'fast-check';
import {
  batchesOf,
  gatherLabels,
  gatherPictures,
  numBatches,
  passOrder,
  type BatchOptions,
  type BatchRange,
} from '../../../src/data/batches.js';
import { toShared } from '../../../src/data/dataset.js';

const shard = Uint32Array.from({ length: 40 }, (_, at) => 3 * at + 5);

describe('passOrder', () => {
  it('is a permutation of the shard', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(1e6)),
        fc.nat(),
        fc.nat(99),
        fc.nat(99),
        (rows, seed, client, pass) => {
          const order = passOrder(Uint32Array.from(rows), 'shuffled', seed, client, pass);
          expect([...order].sort((a, b) => a - b)).to.deep.equal(rows.toSorted((a, b) => a - b));
        },
      ),
    );
  });

  it('is drawn anew for every seed, client and pass, and is always the same for the same ones', () => {
    const order = (seed: number, client: number, pass: number) =>
      passOrder(shard, 'shuffled', seed, client, pass).join();
    const orders = [
      order(0, 0, 0),
      order(1, 0, 0),
      order(0, 1, 0),
      order(0, 0, 1),
      order(0, 1, 1),
      shard.join(),
    ];
    expect(new Set(orders).size).to.equal(orders.length);
    expect(order(0, 1, 1)).to.equal(orders[4]);
  });

  it('in order leaves the shard as it is', () => {
    expect([...passOrder(shard, 'in_order', 0, 1, 2)]).to.deep.equal([...shard]);
  });
});

describe('batchesOf', () => {
  const options: BatchOptions = { rowOrder: 'in_order', batchSize: 3, seed: 0 };
  const all: BatchRange = { firstPass: 0, numPasses: 1, firstBatch: 0, numSteps: Infinity };
  const batches = (given: Partial<BatchOptions>, range: Partial<BatchRange>, rows = 7) =>
    [...batchesOf(shard.subarray(0, rows), 2, { ...options, ...given }, { ...all, ...range })].map(
      (batch) => [...batch],
    );

  it('cuts every pass into batches, of which the last may be smaller', () => {
    const pass = [[5, 8, 11], [14, 17, 20], [23]];
    expect(batches({}, {})).to.deep.equal(pass);
    expect(batches({}, { numPasses: 2 })).to.deep.equal([...pass, ...pass]);
    expect(batches({ batchSize: 7 }, {})).to.deep.equal([[5, 8, 11, 14, 17, 20, 23]]);
    expect(batches({ batchSize: 100 }, {})).to.deep.equal([[5, 8, 11, 14, 17, 20, 23]]);
    expect(batches({}, {}, 0)).to.deep.equal([]);
  });

  it('ends after so many steps, also in the middle of a pass', () => {
    expect(batches({}, { numPasses: 2, firstBatch: 0, numSteps: 4 })).to.have.lengthOf(4);
    expect(batches({}, { numPasses: 2, firstBatch: 0, numSteps: 4 }).at(-1)).to.deep.equal([5, 8, 11]);
    expect(batches({}, { numSteps: 0 })).to.deep.equal([]);
  });

  it('goes through each pass in its own order, wherever it starts', () => {
    const shuffled = { rowOrder: 'shuffled', seed: 4 } as const;
    const three = batches(shuffled, { numPasses: 3 }).flat();
    const second = [...passOrder(shard.subarray(0, 7), 'shuffled', 4, 2, 1)];
    expect(three.slice(7, 14)).to.deep.equal(second);
    expect(batches(shuffled, { firstPass: 1 }).flat()).to.deep.equal(second);
  });

  it('gives as many batches as numBatches says', () => {
    expect([numBatches(6, 3), numBatches(7, 3), numBatches(1, 3), numBatches(0, 3)]).to.deep.equal([
      2, 3, 1, 0,
    ]);
    expect(batches({}, {}, 38)).to.have.lengthOf(numBatches(38, 3));
  });
});

describe('gatherPictures', () => {
  const rowsOf = (bytesPerPicture: number, pictures: readonly number[]) => ({
    numRows: pictures.length / bytesPerPicture,
    pictures: toShared(Uint8Array.from(pictures)),
    labels: toShared(Uint8Array.from({ length: pictures.length / bytesPerPicture }, (_, row) => row + 1)),
  });
  const gather = (
    pictures: readonly number[],
    picture: readonly number[],
    rowNumbers: number[],
    padding = 0,
  ) =>
    gatherPictures(
      rowsOf(
        picture.reduce((a, b) => a * b),
        pictures,
      ),
      Uint32Array.from(rowNumbers),
      {
        picture,
        padding,
        background: 255,
      },
    );

  it('normalises every byte p to (p/255 - 0.5)/0.5 as float32: 0 to -1, 255 to 1', () => {
    const bytes = Array.from({ length: 256 }, (_, value) => value);
    const { shape, data } = gather(bytes, [1, 16, 16], [0]);
    expect(shape).to.deep.equal([1, 1, 16, 16]);
    expect([data[0], data[255]]).to.deep.equal([-1, 1]);
    expect([...data]).to.deep.equal(bytes.map((value) => Math.fround((value / 255 - 0.5) / 0.5)));
  });

  it('takes these rows in this order, one after the other, also twice', () => {
    // 51, 102, 153, 204 become -0.6, -0.2, 0.2, 0.6.
    const { shape, data } = gather([0, 255, 51, 102, 153, 204], [1, 1, 2], [2, 0, 2]);
    expect(shape).to.deep.equal([3, 1, 1, 2]);
    expect([...data]).to.deep.equal([0.2, 0.6, -1, 1, 0.2, 0.6].map(Math.fround));
  });

  it('pads every channel of every row on all four sides with the background', () => {
    // Two pictures of two channels, 1 x 2 pixels; the background 255 becomes 1.
    const { shape, data } = gather([0, 51, 102, 153, 204, 0, 51, 102], [2, 1, 2], [1, 0], 1);
    expect(shape).to.deep.equal([2, 2, 3, 4]);
    const channel = (left: number, right: number) => [
      ...[1, 1, 1, 1],
      ...[1, Math.fround(left), Math.fround(right), 1],
      ...[1, 1, 1, 1],
    ];
    expect([...data]).to.deep.equal([
      ...channel(0.6, -1),
      ...channel(-0.6, -0.2),
      ...channel(-1, -0.6),
      ...channel(-0.2, 0.2),
    ]);
  });

  it('pads by two, on several lines, with another background', () => {
    const rows = rowsOf(4, [0, 255, 255, 0]);
    const format = { picture: [1, 2, 2], padding: 2, background: 51 };
    const { shape, data } = gatherPictures(rows, Uint32Array.of(0), format);
    expect(shape).to.deep.equal([1, 1, 6, 6]);
    const b = Math.fround(-0.6);
    expect([...data]).to.deep.equal([
      ...[b, b, b, b, b, b],
      ...[b, b, b, b, b, b],
      ...[b, b, -1, 1, b, b],
      ...[b, b, 1, -1, b, b],
      ...[b, b, b, b, b, b],
      ...[b, b, b, b, b, b],
    ]);
  });

  it('writes over a spare buffer of that size, borders too, and leaves one of another size alone', () => {
    const rows = rowsOf(6, [0, 51, 102, 153, 204, 255]);
    const format = { picture: [1, 1, 6], padding: 1, background: 0 };
    const { data } = gatherPictures(rows, Uint32Array.of(0), format);
    const spare = new Float32Array(24).fill(7);
    expect(gatherPictures(rows, Uint32Array.of(0), format, spare).data).to.equal(spare);
    expect([...spare]).to.deep.equal([...data]);
    const other = new Float32Array(25).fill(7);
    expect(gatherPictures(rows, Uint32Array.of(0), format, other).data).to.deep.equal(data);
    expect(other.every((value) => value === 7)).to.equal(true);
  });

  it('gives memory of its own, not shared: engines refuse shared memory', () => {
    expect(gather([1, 2], [1, 1, 2], [0]).data.buffer).to.be.instanceOf(ArrayBuffer);
  });

  it('gatherLabels takes the labels of the same rows', () => {
    const labels = gatherLabels(rowsOf(1, [9, 9, 9]), Uint32Array.of(2, 0, 2));
    expect(labels).to.deep.equal(Int32Array.of(3, 1, 3));
  });
});
