import { expect } from 'chai';
import fc from 'fast-check';
import { ConfigError } from '../../../../src/core/errors.js';
import { splitNumClasses } from '../../../../src/data/splits/num_classes.js';
import { classCountsOf, evenInput, expectDealt } from '../../../support/split_inputs.js';

/** Classes with 12 rows or none, up to 12 clients: every class has enough. */
const anyInput = fc
  .record({
    hasRows: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
    numClients: fc.integer({ min: 1, max: 12 }),
    classesPerClient: fc.integer({ min: 1, max: 8 }),
    seed: fc.nat(),
  })
  .map(({ hasRows, ...rest }) => {
    const labels = Uint8Array.from(
      hasRows.flatMap((has, label) => (has ? Array<number>(12).fill(label) : [])),
    );
    return { ...rest, labels, numClasses: hasRows.length, numPresent: hasRows.filter(Boolean).length };
  })
  .filter(({ classesPerClient, numPresent }) => classesPerClient <= numPresent);

describe('splitNumClasses', () => {
  it('gives each client exactly so many classes, and leaves out only rows of classes that no client can have', () => {
    fc.assert(
      fc.property(anyInput, ({ classesPerClient, numPresent, ...rest }) => {
        const input = { ...rest, writers: undefined };
        const partition = splitNumClasses(input, { classesPerClient });
        expectDealt(partition, input);
        const counts = classCountsOf(partition, input);
        for (const count_K of counts) expect(count_K.filter(Boolean)).to.have.lengthOf(classesPerClient);
        const numCovered = Math.min(numPresent, input.numClients * classesPerClient);
        expect(partition.numLeftOut).to.equal(12 * (numPresent - numCovered));
        const holders = [...Array(input.numClasses).keys()].map((label) =>
          counts.map((count_K) => count_K[label]).filter(Boolean),
        );
        const used = holders.filter((clients) => clients.length > 0);
        expect(used).to.have.lengthOf(numCovered);
        const numbers = used.map(({ length }) => length);
        expect(Math.max(...numbers) - Math.min(...numbers), 'clients of a class').to.be.at.most(1);
        for (const rows of used)
          expect(Math.max(...rows) - Math.min(...rows), 'rows of a class').to.be.at.most(1);
      }),
    );
  });

  it('depends on the seed alone', () => {
    const options = { classesPerClient: 2 };
    const partition = splitNumClasses(evenInput(600, 6, 5, 1), options);
    expect(splitNumClasses(evenInput(600, 6, 5, 1), options)).to.deep.equal(partition);
    expect(splitNumClasses(evenInput(600, 6, 5, 2), options)).not.to.deep.equal(partition);
  });

  it('mixes the classes: over many clients every pair of classes comes up', () => {
    const input = evenInput(4000, 5, 400);
    const pairs = classCountsOf(splitNumClasses(input, { classesPerClient: 2 }), input).map((counts) =>
      [...counts.keys()].filter((label) => counts[label] > 0).join(),
    );
    expect(new Set(pairs).size).to.equal(10);
  });

  it('all classes: each client has a part of every one', () => {
    const input = evenInput(100, 5, 4);
    const counts = classCountsOf(splitNumClasses(input, { classesPerClient: 5 }), input);
    expect(counts.flat().every((count) => count === 5)).to.equal(true);
  });

  it('says how many rows are left out, and why', () => {
    const { numLeftOut, whyLeftOut } = splitNumClasses(evenInput(100, 10, 4), { classesPerClient: 2 });
    expect(numLeftOut).to.equal(20);
    expect(whyLeftOut).to.equal('`n_workers` 4 times `classes_per_client` 2 is 8 of 10 classes');
  });

  it('refuses more classes than the rows have', () => {
    const input = { ...evenInput(100, 3, 4), numClasses: 10 };
    expect(() => splitNumClasses(input, { classesPerClient: 4 }))
      .to.throw(ConfigError, /`classes_per_client` is 4, but the training rows are of 3 classes/)
      .with.property('code', 'ERR_TOO_MANY_CLASSES');
  });

  it('refuses a class with fewer rows than clients that should have it', () => {
    const labels = Uint8Array.from({ length: 50 }, (_, row) => (row < 2 ? 1 : 0));
    const input = { ...evenInput(50, 2, 6), labels };
    expect(() => splitNumClasses(input, { classesPerClient: 1 }))
      .to.throw(ConfigError, /class 1 to 3 clients, but it has only 2 training rows. Lower `n_workers`/)
      .with.property('code', 'ERR_TOO_FEW_ROWS');
  });
});
