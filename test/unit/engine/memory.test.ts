import { expect } from 'chai';
import { plainCompute, type ComputeOptions } from '../../../src/engine/engine.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { lenet } from '../../../src/models/lenet.js';
import { compileHalves, directStep, patternBatch } from '../../../bench/halves.js';

describe('memory of training', () => {
  const numClasses = 10;
  const network = lenet({ picture: [3, 32, 32], numClasses });
  const { x, labels } = patternBatch(network, 32, numClasses);

  for (const [title, compute] of [
    ['a batch at a time', plainCompute],
    ['in parts', { ...plainCompute, microBatches: 2 }],
  ] satisfies [string, ComputeOptions][])
    it(`is free at the end of each step, before any collection: ${title}`, async () => {
      const halves = await compileHalves(network, onnxruntimeEngine, compute);
      for (let step = 0; step < 3; step++) await directStep(halves, x, labels);
      const before = process.memoryUsage().arrayBuffers;
      const numSteps = 20;
      for (let step = 0; step < numSteps; step++) await directStep(halves, x, labels);
      const leftBytes = (process.memoryUsage().arrayBuffers - before) / numSteps;
      // Activations, their gradients and copies of them, which nobody frees here; weights, momenta and what the layers kept are 1.4 MB.
      expect(leftBytes).to.be.below(300_000);
      halves.head.dispose();
      halves.tail.dispose();
    });
});
