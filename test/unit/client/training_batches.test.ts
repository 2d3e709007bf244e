import { expect } from 'chai';
import { trainingBatches } from '../../../src/client/training_batches.js';
import { gatherLabels, gatherPictures } from '../../../src/data/batches.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { compilerOf } from '../../support/segments.js';
import { openSmallTraining } from '../../support/small_training.js';

describe('trainingBatches', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const range = { firstPass: 0, numPasses: 1, firstBatch: 0, numSteps: Infinity };

  it('gathers the next batch beside the one under way, and the one after in its place', async () => {
    const { setup } = await openSmallTraining(compile, { shardSizes: [14] });
    const { shard } = setup.clients[0];
    const want = [0, 4, 8, 12].map((row) => {
      const rows = shard.subarray(row, row + 4);
      return {
        x_BCHW: gatherPictures(setup.train, rows, setup.input),
        labels_B: gatherLabels(setup.train, rows),
      };
    });
    const batches = trainingBatches(0, shard, { ...setup, rowOrder: 'in_order' }, range);
    const [first, second] = [batches.next().value!, batches.next().value!];
    expect([first, second]).to.deep.equal(want.slice(0, 2));
    const third = batches.next().value!;
    expect([second, third]).to.deep.equal(want.slice(1, 3));
    expect(third.x_BCHW.data.buffer).to.equal(first.x_BCHW.data.buffer);
    // The last one is smaller.
    expect([third, batches.next().value!]).to.deep.equal(want.slice(2));
    expect(batches.next().done).to.equal(true);
  });
});
