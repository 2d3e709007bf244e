import { expect } from 'chai';
import { holds, type Check } from '../../src/cli/proof.js';
import { proveSplitEqualsUnsplit, type SplitProofOptions } from '../../src/cli/verify_split.js';
import { firstDigits, sgd } from './cluster_training.js';
import { plainCompute } from '../../src/engine/engine.js';

/** A proof on a few digits: three clients of a ring on two threads, where nothing else is asked for. */
export async function prove(change: Partial<SplitProofOptions>): Promise<readonly Check[]> {
  return await proveSplitEqualsUnsplit({
    dataset: await firstDigits(300, 20),
    mode: 'sequential',
    model: 'lenet',
    cut: 'default',
    cutBack: undefined,
    engine: 'onnxruntime',
    devices: 'auto',
    tailDevice: 'auto',
    compute: plainCompute,
    numClients: 3,
    numThreads: 2,
    optimizer: sgd,
    handoff: 'weights_and_optimizer',
    splitfedOptimizer: 'reset',
    clientFraction: 1,
    ...change,
  });
}

export function expectHolds(checks: readonly Check[]): void {
  expect(checks.length).to.be.at.least(2);
  for (const check of checks) expect(holds(check), JSON.stringify(check)).to.equal(true);
}
