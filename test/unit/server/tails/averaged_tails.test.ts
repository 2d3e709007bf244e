import { expect } from 'chai';
import { join } from 'node:path';
import { onnxruntimeEngine } from '../../../../src/engine/onnxruntime/engine.js';
import type { SegmentState } from '../../../../src/engine/engine.js';
import type { OptimizerMean } from '../../../../src/engine/mean_state.js';
import { dense } from '../../../../src/models/layers.js';
import { AveragedTails } from '../../../../src/server/tails/averaged_tails.js';
import { Tail, type TrainedTail } from '../../../../src/server/tail.js';
import { foldersOf } from '../../../support/folders.js';
import { compilerOf, expectSameState, partOf, startState } from '../../../support/segments.js';

/** Two features and two classes, W = [[1, -1], [0, 0]] and b = 0. */
const part = partOf([dense('fc', 2, 2)], [2]);
const start = () => Float32Array.of(1, -1, 0, 0, 0, 0);
/** A step takes away the gradient, and the slot is the gradient. */
const optimizer = { name: 'sgd', lr: 1, momentum: 0.5, weightDecay: 0 } as const;
const due = { generation: 0, step: 0 };

/** One batch z = [[1, 1]], whose logits are (0, 0): dlogits is (-1/2, 1/2) for label 0, (1/2, -1/2) for label 1. */
async function trainOne(tail: TrainedTail | null, label: number): Promise<void> {
  const data = Float32Array.of(1, 1).buffer;
  const z = { shape: [1, 2], dtype: 'float32', data } as const;
  await tail?.lossGradient({ ...due, z, labels: Int32Array.of(label).buffer }, due, 0);
  await tail?.update();
}

describe('AveragedTails', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const newFolder = foldersOf();
  const open = async (optimizers: OptimizerMean) => {
    const program = await compile(part, { hasLoss: true, optimizer });
    const maker = { create: (_: number, state: SegmentState) => Promise.resolve(new Tail(program, state)) };
    return new AveragedTails(program, startState(program, start()), maker, optimizers);
  };
  /** Clients 0 and 2 train a batch of label 0 and one of label 1, and count 1 to 3. */
  const trainTurn = async (tails: AveragedTails) => {
    await tails.beginTurn([0, 2]);
    await trainOne(tails.of(0), 0);
    await trainOne(tails.of(2), 1);
    await tails.endTurn([0, 2], [1, 3]);
  };
  const slotOf = async (tail: TrainedTail) => [...(await tail.exportState()).optimizers[0].slots[0]];
  /** dW = dlogits^T z and db = dlogits, for label 0; for label 1 the opposite. */
  const gradient = [-0.5, -0.5, 0.5, 0.5, -0.5, 0.5];
  const mean = [0.75, -1.25, 0.25, 0.25, -0.25, 0.25];

  it('has a tail for each client of a turn, each from the newest', async () => {
    const tails = await open('reset');
    await tails.beginTurn([0, 2]);
    expect(tails.of(0)).not.to.equal(tails.of(2));
    expect([...(await tails.of(2).exportState()).weights]).to.deep.equal([...start()]);
    expect(() => tails.of(1)).to.throw('Client 1 has no tail');
    await trainOne(tails.of(0), 0);
    expect([...(await tails.of(0).exportState()).weights]).to.deep.equal([1.5, -0.5, -0.5, -0.5, 0.5, -0.5]);
    expect([...(await tails.of(2).exportState()).weights], 'of another client').to.deep.equal([...start()]);
    expect([...(await tails.exportWeights())], 'the newest').to.deep.equal([...start()]);
  });

  it('after a turn the newest is their mean: of (1.5, ...) and (0.5, ...) as 1 to 3', async () => {
    for (const optimizers of ['reset', 'average', 'keep'] as const) {
      const tails = await open(optimizers);
      await trainTurn(tails);
      // (1 x 1.5 + 3 x 0.5) / 4, (1 x -0.5 + 3 x -1.5) / 4, (1 x -0.5 + 3 x 0.5) / 4, ...
      expect([...(await tails.exportWeights())], optimizers).to.deep.equal(mean);
      expect([...(await tails.newest().exportState()).weights]).to.deep.equal(mean);
      await tails.beginTurn([0, 1]);
      for (const client of [0, 1])
        expect([...(await tails.of(client).exportState()).weights], `client ${client}`).to.deep.equal(mean);
    }
  });

  it('reset: everybody starts with a fresh optimiser', async () => {
    const tails = await open('reset');
    await trainTurn(tails);
    expect(() => tails.of(0)).to.throw('not its turn');
    await tails.beginTurn([0, 1]);
    for (const client of [0, 1]) expect(await slotOf(tails.of(client))).to.deep.equal([0, 0, 0, 0, 0, 0]);
  });

  it('average: everybody starts with the mean of the optimisers, (1 g - 3 g) / 4', async () => {
    const tails = await open('average');
    await trainTurn(tails);
    await tails.beginTurn([0, 1]);
    const half = gradient.map((value) => -value / 2);
    for (const client of [0, 1]) expect(await slotOf(tails.of(client))).to.deep.equal(half);
  });

  it('keep: each goes on with its own optimiser, and a newcomer starts with a fresh one', async () => {
    const tails = await open('keep');
    await trainTurn(tails);
    await tails.beginTurn([0, 1, 2]);
    expect(await slotOf(tails.of(0))).to.deep.equal(gradient);
    expect(await slotOf(tails.of(1))).to.deep.equal([0, 0, 0, 0, 0, 0]);
    expect(await slotOf(tails.of(2))).to.deep.equal(gradient.map((value) => -value));
  });

  it('is saved and loaded whole, in the middle of a turn too', async () => {
    const tails = await open('keep');
    await trainTurn(tails);
    await tails.beginTurn([2, 5]);
    await trainOne(tails.of(2), 0);
    const path = join(newFolder(), 'tails.safetensors');
    const { sha256, clients } = await tails.saveStates(path);
    expect(clients.toSorted()).to.deep.equal([0, 2, 5]);
    const others = await open('keep');
    await others.loadStates({ path, sha256, clients });
    expectSameState(await others.newest().exportState(), await tails.newest().exportState());
    for (const client of clients)
      expectSameState(await others.of(client).exportState(), await tails.of(client).exportState());
  });
});
