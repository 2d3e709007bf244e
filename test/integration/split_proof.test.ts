import { expect } from 'chai';
import { holds } from '../../src/cli/proof.js';
import { proveSplitEqualsUnsplit, type SplitProofOptions } from '../../src/cli/verify_split.js';
import { handoffs } from '../../src/link/messages.js';
import { modelNames } from '../../src/models/registry.js';
import { adam, firstDigits, sgd } from '../support/cluster_training.js';

describe('split training equals unsplit training', () => {
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
      numClients: 2,
      numThreads: 2,
      optimizer: sgd,
      handoff: 'weights_and_optimizer',
      splitfedOptimizer: 'reset',
      clientFraction: 1,
      ...change,
    });

  for (const model of modelNames) {
    for (const optimizer of [sgd, adam]) {
      for (const handoff of handoffs) {
        it(`${model}, ${optimizer.name}, ${handoff}`, async () => {
          const checks = await prove({ model, optimizer, handoff });
          expect(checks.map(({ subject }) => subject.split(': ')[1])).to.deep.equal([
            'loss (relative)',
            'head weight',
            'tail weight',
          ]);
          for (const check of checks) expect(holds(check), JSON.stringify(check)).to.equal(true);
        });
      }
    }
  }

  it('three clients on one thread, cut inside the dense layers', async () => {
    const checks = await prove({ numClients: 3, numThreads: 1, cut: 'fc1' });
    for (const check of checks) expect(holds(check), JSON.stringify(check)).to.equal(true);
  });
});
