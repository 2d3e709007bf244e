import { createInterface } from 'node:readline';
import type { ComputeOptions } from '../src/engine/engine.js';
import { femnistCnn } from '../src/models/femnist_cnn.js';
import { lenet } from '../src/models/lenet.js';
import { normalDataset } from './normal_dataset.js';
import { oneClient, openTraining, type Training } from './training.js';

/**
 * A process of its own, so that it can be bound to one core; its argument, as JSON, says how heads and tails compute. Reads lines `MODEL BATCH STEPS`,
 * answers with ms a step.
 */
const compute = JSON.parse(process.argv[2]) as ComputeOptions;
const models = {
  lenet: { build: lenet, shape: { picture: [3, 32, 32], numClasses: 10 } },
  femnist_cnn: { build: femnistCnn, shape: { picture: [1, 28, 28], numClasses: 62 } },
} as const;
const rings = new Map<string, Training>();

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const [model, batchSize, numSteps] = line.split(' ');
  let ring = rings.get(line);
  if (!ring) {
    const { build, shape } = models[model as keyof typeof models];
    const dataset = normalDataset(shape, Number(batchSize) * Number(numSteps), 1);
    ring = await openTraining({
      ...oneClient,
      compute,
      network: build(shape),
      dataset,
      batchSize: Number(batchSize),
    });
    rings.set(line, ring);
    await ring.pass(); // warming up
  }
  process.stdout.write(`${await ring.pass()}\n`);
}
for (const ring of rings.values()) await ring.close();
