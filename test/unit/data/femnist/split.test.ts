import { expect } from 'chai';
import fc from 'fast-check';
import { splitByWriter } from '../../../../src/data/femnist/split.js';

const names = ['f2', 'f0', 'f10', 'f1'];
const anyWriters = fc
  .array(fc.nat(names.length - 1), { minLength: 1, maxLength: 200, size: 'max' })
  .map((writers) => Uint32Array.from(writers));

describe('splitByWriter', () => {
  it('numbers writers by their names and orders rows by (writer, source)', () => {
    // Sorted as texts: f0, f1, f10, f2.
    const isTest = Uint8Array.from([0, 1, 0, 0, 1, 0]);
    const { train, test, rankOf } = splitByWriter({
      names,
      writers: Uint32Array.from([0, 0, 1, 2, 3, 0]),
      isTest,
    });
    expect([...rankOf]).to.deep.equal([3, 0, 2, 1]);
    expect([...train]).to.deep.equal([2, 3, 0, 5]);
    expect([...test]).to.deep.equal([4, 1]);
  });

  it('gives every row to one split, in order, and holds out a tenth of each writer', () => {
    fc.assert(
      fc.property(anyWriters, (writers) => {
        const { train, test, rankOf } = splitByWriter({ names, writers });
        expect([...train, ...test].sort((a, b) => a - b)).to.deep.equal([...writers.keys()]);
        for (const split of [train, test]) {
          const places = Array.from(split, (row) => rankOf[writers[row]] * writers.length + row);
          expect(places).to.deep.equal(places.toSorted((a, b) => a - b));
        }
        names.forEach((_, writer) => {
          const numRows = writers.filter((other) => other === writer).length;
          const numTest = test.filter((row) => writers[row] === writer).length;
          // 1 -> 0, 2 to 14 -> 1, 15 to 24 -> 2, 25 to 34 -> 3, ...
          const tenth = numRows < 2 ? 0 : numRows < 15 ? 1 : Math.floor((numRows + 5) / 10);
          expect(numTest).to.equal(tenth);
        });
      }),
    );
  });

  it('holds out the same rows of a writer whoever else writes, and in whatever order the writers come', () => {
    fc.assert(
      fc.property(anyWriters, fc.nat(names.length - 1), (writers, writer) => {
        const heldOut = (own: Uint32Array, ownNames: readonly string[], number: number) => {
          const rows = [...own.keys()].filter((row) => own[row] === number);
          const { test } = splitByWriter({ names: ownNames, writers: own });
          return rows.flatMap((row, at) => (test.includes(row) ? [at] : []));
        };
        const alone = writers.filter((other) => other === writer).fill(0);
        expect(heldOut(writers, names, writer)).to.deep.equal(heldOut(alone, [names[writer]], 0));
      }),
    );
  });

  it('holds out these rows, whatever becomes of the code: runs are compared with older ones', () => {
    const writers = new Uint32Array(40).fill(0, 0, 20).fill(1, 20);
    const { test } = splitByWriter({ names: ['f0000_14', 'f0001_41'], writers });
    expect([...test]).to.deep.equal([0, 7, 34, 37]);
  });
});
