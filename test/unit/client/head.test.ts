import { expect } from 'chai';
import { join } from 'node:path';
import { Head } from '../../../src/client/head.js';
import { readHeads, readWeights, writeHeads, writeWeights } from '../../../src/client/head_files.js';
import { DataError, ProtocolError } from '../../../src/core/errors.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { initialWeights } from '../../../src/models/init.js';
import { dense, relu } from '../../../src/models/layers.js';
import { foldersOf } from '../../support/folders.js';
import { rejection, thrown } from '../../support/link_errors.js';
import { compilerOf, expectSameState, partOf, sgd, startState } from '../../support/segments.js';
import { randomTensor } from '../../support/tensors.js';

/** First layers of two groups, 6 and 3 parameters, and last layers of one, 4 parameters. */
const front = [dense('a', 2, 2), relu('relu'), dense('b', 2, 1)];
const back = [dense('c', 1, 2)];

describe('Head', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const newFolder = foldersOf();
  const groups = [
    { numLayers: 2, optimizer: sgd },
    { numLayers: 1, optimizer: sgd },
  ];
  const compileBoth = async () => [
    await compile(partOf(front, [2]), { groups, needsInputGradient: false }),
    await compile(partOf(back, [1]), { hasLoss: true }),
  ];
  const trained = async () => {
    const programs = await compileBoth();
    const states = programs.map((program, index) => {
      const { length } = initialWeights(program.spec.part.layers, 0);
      return startState(program, randomTensor([length], index).data);
    });
    for (const { optimizers } of states) optimizers[0].slots[0].fill(0.5);
    return { programs, states, head: new Head(programs, states) };
  };

  it('starts from the weights of the seed, with fresh optimisers', async () => {
    const programs = await compileBoth();
    const states = Head.initial(programs, 3).exportStates();
    expect(states).to.deep.equal(
      programs.map((program) => startState(program, initialWeights(program.spec.part.layers, 3))),
    );
  });

  it('exports the weights of each layer group', async () => {
    const { head } = await trained();
    const [first, second] = head.exportStates();
    expect(head.exportGroups()).to.deep.equal([
      first.weights.slice(0, 6),
      first.weights.slice(6),
      second.weights,
    ]);
  });

  it('starts fresh optimisers where a state has none', async () => {
    const { programs, states } = await trained();
    const [first, second] = new Head(programs, [{ ...states[0], optimizers: [] }, states[1]]).exportStates();
    expectSameState(first, startState(programs[0], states[0].weights));
    expectSameState(second, states[1]);
  });

  it('has no last layers where they are on the server', async () => {
    const [program] = await compileBoth();
    thrown(() => Head.initial([program], 0).back, ProtocolError, 'ERR_NOT_DUE');
  });

  it('refuses a state too few, or of another size', async () => {
    const { programs, states } = await trained();
    const few = thrown(() => new Head(programs, states.slice(0, 1)), ProtocolError, 'ERR_HAND_OVER');
    expect(few.message).to.include('A head of 0 parameters was handed over where 4');
    const other = { weights: new Float32Array(3), optimizers: [] };
    thrown(() => new Head(programs, [states[0], other]), ProtocolError, 'ERR_HAND_OVER');
  });

  it('is written by layer group, and read with fresh optimisers', async () => {
    const { programs, states, head } = await trained();
    const folder = newFolder();
    const paths = ['a', 'b', 'c'].map((name) => join(folder, name));
    await writeWeights(programs, head, paths);
    const read = await readWeights(
      programs,
      paths.map((path) => ({ path, prefix: '' })),
    );
    expect(read.exportStates()).to.deep.equal(
      programs.map((program, index) => startState(program, states[index].weights)),
    );
  });

  it('is written whole with others, and found by its client', async () => {
    const { programs, states, head } = await trained();
    const path = join(newFolder(), 'heads');
    const heads = new Map([
      [1, Head.initial(programs, 8)],
      [4, head],
    ]);
    const { sha256 } = await writeHeads(path, programs, heads);
    const read = await readHeads({ path, sha256 }, programs, [4]);
    expect([...read.keys()]).to.deep.equal([4]);
    for (const [index, state] of (read.get(4)?.exportStates() ?? []).entries())
      expectSameState(state, states[index]);
    await rejection(readHeads({ path, sha256 }, programs, [2]), DataError, 'ERR_WEIGHTS');
  });
});
