import { expect } from 'chai';
import { largestRelativeDifference } from '../../src/cli/proof.js';
import { plainCompute, type ComputeOptions } from '../../src/engine/engine.js';
import { initialWeights } from '../../src/models/init.js';
import { splitNetwork } from '../../src/models/network.js';
import { models } from '../../src/models/registry.js';
import { adam, firstDigits, sgd, trainOnThreads, type TrainingOptions } from '../support/cluster_training.js';
import { expectHolds, prove } from '../support/proof.js';

/** Each cuts long sums elsewhere than a plain run does: last bits differ, and nothing more. */
const subjects: Readonly<Record<string, ComputeOptions>> = {
  'two threads inside an operator': { ...plainCompute, intraOpThreads: 2 },
  'two micro-batches': { ...plainCompute, microBatches: 2 },
};

for (const [name, compute] of Object.entries(subjects)) {
  describe(name, () => {
    const train = async (model: 'lenet' | 'femnist_cnn', change: Partial<TrainingOptions>) => {
      const dataset = await firstDigits(96, 10);
      const network = models[model](dataset.shape);
      const split = splitNetwork(network, 'default');
      return await trainOnThreads({
        dataset,
        network,
        split,
        tailWeights: initialWeights(split.tail.layers, 0),
        numClients: 2,
        batchSize: 32,
        compute,
        ...change,
      });
    };

    for (const model of ['lenet', 'femnist_cnn'] as const) {
      it(`${model}: the loss after one step of SGD is within 1e-6 of a plain run's`, async () => {
        const [plain, other] = [await train(model, { compute: plainCompute }), await train(model, {})];
        expect(largestRelativeDifference(other.losses.slice(0, 2), plain.losses.slice(0, 2))).to.be.at.most(
          1e-6,
        );
      });

      it(`${model}: the same numbers on one worker thread and on two`, async () => {
        expect(await train(model, { numThreads: 2 })).to.deep.equal(await train(model, { numThreads: 1 }));
      });

      for (const optimizer of [sgd, adam]) {
        it(`${model}, ${optimizer.name}: split training equals unsplit training`, async () => {
          expectHolds(await prove({ model, optimizer, numClients: 2, compute }));
        });
      }
    }
  });
}
