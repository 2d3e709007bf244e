import { expect } from 'chai';
import { directStep, patternBatch } from '../../../bench/halves.js';
import { freshState, plainCompute, type Program } from '../../../src/engine/engine.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { initialWeights } from '../../../src/models/init.js';
import { lenet } from '../../../src/models/lenet.js';
import { splitNetwork } from '../../../src/models/network.js';
import { compilerOf } from '../../support/segments.js';

describe('memory of training', () => {
  const numClasses = 10;
  const network = lenet({ picture: [3, 32, 32], numClasses });
  const { x, labels } = patternBatch(network, 32, numClasses);
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const segmentOf = (program: Program) =>
    program.createSegment(freshState(program.spec, initialWeights(program.spec.part.layers, 0)));

  for (const microBatches of [1, 2])
    it(`is free at the end of each step, before any collection: batches in ${microBatches} parts`, async () => {
      const split = splitNetwork(network, 'default');
      const compute = { ...plainCompute, microBatches };
      const halves = {
        head: segmentOf(await compile(split.head, { compute, needsInputGradient: false })),
        tail: segmentOf(await compile(split.tail, { compute, hasLoss: true })),
      };
      for (let step = 0; step < 3; step++) await directStep(halves, x, labels);
      const before = process.memoryUsage().arrayBuffers;
      const numSteps = 20;
      for (let step = 0; step < numSteps; step++) await directStep(halves, x, labels);
      const leftBytes = (process.memoryUsage().arrayBuffers - before) / numSteps;
      // Activations, their gradients and copies of them, which nobody frees here; weights, momenta and what the layers kept are 1.4 MB.
      expect(leftBytes).to.be.below(450_000);
    });
});
