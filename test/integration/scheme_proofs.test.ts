import { optimizerMeans } from '../../src/engine/mean_state.js';
import { modes, schemes } from '../../src/server/schemes/registry.js';
import { adam } from '../support/cluster_training.js';
import { describeTensorflow } from '../support/engines.js';
import { expectHolds, prove } from '../support/proof.js';

/** Three rounds with momentum, shards of unequal numbers of batches, two threads for three clients. */
describe('every scheme equals unsplit replicas, replayed in the order of its batches', () => {
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
