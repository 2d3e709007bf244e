import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { holds } from '../../src/cli/proof.js';
import { readTrajectory } from '../../src/cli/trajectory.js';
import { replayTrajectory } from '../../src/cli/verify_trajectory.js';

const options = { engine: 'onnxruntime', devices: 'auto', numThreads: 1 } as const;
const fixtures = ['lenet_mnist_sgd_2w', 'femnist_cnn_adam_2w_fresh'].map((name) =>
  join('test/fixtures', name),
);
const shared = '../shared/oracle';
const oracles = existsSync(shared)
  ? readdirSync(shared)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(shared, name.replace('.json', '')))
  : [];

describe('trajectories recorded with PyTorch', () => {
  for (const prefix of [...fixtures, ...oracles]) {
    it(`${prefix}: losses, first activations and cut gradients, final weights`, async () => {
      const recorded = await readTrajectory(prefix);
      const checks = await replayTrajectory(recorded, { ...options, numThreads: recorded.numClients });
      expect(checks.filter((check) => !holds(check))).to.deep.equal([]);
      expect(checks.length).to.be.at.least(9);
    });
  }

  for (const change of [{ weightDecay: 0 }, { momentum: 0 }]) {
    it(`a replay with ${JSON.stringify(change)} fails: the comparison can tell`, async () => {
      const recorded = await readTrajectory(fixtures[0]);
      const optimizer = { ...recorded.optimizer, ...change } as typeof recorded.optimizer;
      const checks = await replayTrajectory({ ...recorded, optimizer }, options);
      expect(checks.some((check) => !holds(check))).to.equal(true);
    });
  }
});
