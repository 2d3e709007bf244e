import { expect } from 'chai';
import { handoffs } from '../../src/link/messages.js';
import { modelNames } from '../../src/models/registry.js';
import { adam, sgd } from '../support/cluster_training.js';
import { expectHolds, prove } from '../support/proof.js';

describe('split training equals unsplit training', () => {
  for (const model of modelNames) {
    for (const optimizer of [sgd, adam]) {
      for (const handoff of handoffs) {
        it(`${model}, ${optimizer.name}, ${handoff}`, async () => {
          const checks = await prove({ model, optimizer, handoff, numClients: 2 });
          expect(checks.map(({ subject }) => subject.split(': ')[1])).to.deep.equal([
            'loss (relative)',
            'head weight',
            'tail weight',
          ]);
          expectHolds(checks);
        });
      }
    }
  }

  it('three clients on one thread, cut inside the dense layers', async () => {
    expectHolds(await prove({ numThreads: 1, cut: 'fc1' }));
  });
});
