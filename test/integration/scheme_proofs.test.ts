import { expect } from 'chai';
import { holds, type Check } from '../../src/cli/proof.js';
import { proveSplitEqualsUnsplit, type SplitProofOptions } from '../../src/cli/verify_split.js';
import { optimizerMeans } from '../../src/engine/mean_state.js';
import { modes, schemes } from '../../src/server/schemes/registry.js';
import { adam, firstDigits, sgd } from '../support/cluster_training.js';
import { describeTensorflow } from '../support/engines.js';

/** Three rounds with momentum, shards of unequal numbers of batches, two threads for three clients. */
describe('every scheme equals unsplit replicas, replayed in the order of its batches', () => {
  const prove = async (change: Partial<SplitProofOptions>) =>
    proveSplitEqualsUnsplit({
      dataset: await firstDigits(300, 20),
      mode: 'sequential',
      model: 'lenet',
      cut: 'default',
      cutBack: undefined,
      engine: 'onnxruntime',
      devices: 'auto',
      tailDevice: 'auto',
      numClients: 3,
      numThreads: 2,
      optimizer: sgd,
      handoff: 'weights_and_optimizer',
      splitfedOptimizer: 'reset',
      clientFraction: 1,
      ...change,
    });
  const expectHolds = (checks: readonly Check[]) => {
    expect(checks.length).to.be.at.least(2);
    for (const check of checks) expect(holds(check), JSON.stringify(check)).to.equal(true);
  };

  for (const mode of modes) {
    it(mode, async () => {
      expectHolds(await prove({ mode }));
    });
    if (schemes[mode].tails !== 'none') {
      it(`${mode}, U-shaped, cut elsewhere`, async () => {
        expectHolds(await prove({ mode, cut: 'relu1', cutBack: 'fc1' }));
      });
    }
    if (!schemes[mode].joinsRows) {
      it(`${mode}, two of three clients in a round`, async () => {
        expectHolds(await prove({ mode, clientFraction: 0.6, optimizer: adam }));
      });
    }
  }

  for (const mode of ['splitfed_v1', 'splitfed_v2'] as const) {
    for (const splitfedOptimizer of optimizerMeans) {
      it(`${mode}, U-shaped, optimisers ${splitfedOptimizer}, two of three clients`, async () => {
        expectHolds(await prove({ mode, splitfedOptimizer, cutBack: 'default', clientFraction: 0.6 }));
      });
    }
  }

  it('sequential, U-shaped, handoff weights: the last layers keep their optimiser', async () => {
    expectHolds(await prove({ handoff: 'weights', cutBack: 'default', optimizer: adam }));
  });

  describeTensorflow('with tensorflow', () => {
    for (const mode of modes) {
      it(mode, async () => {
        expectHolds(await prove({ mode, engine: 'tensorflow' }));
      });
      if (schemes[mode].tails !== 'none') {
        it(`${mode}, U-shaped`, async () => {
          expectHolds(await prove({ mode, engine: 'tensorflow', cutBack: 'fc1', optimizer: adam }));
        });
      }
    }
  });
});
