import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { numElements } from '../src/core/shapes.js';
import { toShared, type Dataset } from '../src/data/dataset.js';
import { plainCompute } from '../src/engine/engine.js';
import { lenet } from '../src/models/lenet.js';
import { schemes } from '../src/server/schemes/registry.js';
import type { GrowthJob, RoundCost } from './growth.js';
import { normalDataset } from './normal_dataset.js';
import { openTraining, type Training } from './training.js';

/**
 * A process of its own for one job (its argument, as JSON), started with `--expose-gc`. Of the lines that it reads, `round` trains
 * the next round and is answered by a RoundCost, `memory` by the MiB that it holds more than before it had rows and clients.
 */
const { mode, numClients, numRows, batchSize, cut, numRounds } = JSON.parse(process.argv[2]) as GrowthJob;
const NUM_PICTURES = 80;
const mibAtStart = residentMib();
const shape = { picture: [1, 28, 28], numClasses: 10 };
const training = await openTraining({
  network: { ...lenet(shape), defaultCut: cut },
  dataset: repeatedRows(),
  batchSize,
  scheme: schemes[mode],
  numClients,
  numThreads: Math.min(numClients, availableParallelism()),
  compute: plainCompute,
});
const events = training.train(numRounds);
process.stdout.write('ready\n');
for await (const question of createInterface({ input: process.stdin })) {
  const answer = question === 'round' ? await nextRound(events) : residentMib() - mibAtStart;
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await training.close();

/** A few random pictures over and over: to make each anew would leave more garbage than the clients take. */
function repeatedRows(): Dataset {
  const dataset = normalDataset(shape, NUM_PICTURES, 1);
  const size = numElements(shape.picture);
  const { pictures, labels } = dataset.train;
  const pick = (values: Uint8Array, width: number) =>
    toShared(Uint8Array.from({ length: numRows * width }, (_, at) => values[at % values.length]));
  return { ...dataset, train: { numRows, pictures: pick(pictures, size), labels: pick(labels, 1) } };
}

/** Everything that belongs to it: the head's way to the next client, the means, and a test of one row. */
async function nextRound(run: ReturnType<Training['train']>): Promise<RoundCost> {
  const startMs = performance.now();
  const before = process.cpuUsage();
  for (;;) {
    const { value, done } = await run.next();
    if (done) throw new Error(`There are only ${numRounds} rounds.`);
    if (value.type === 'round') break;
  }
  const { user, system } = process.cpuUsage(before);
  return { wallMs: performance.now() - startMs, cpuMs: (user + system) / 1000 };
}

/** Of all threads, after what the main one does not need any more is freed. */
function residentMib(): number {
  // The second waits for what the first one frees in the background.
  for (let time = 0; time < 2; time++) globalThis.gc?.();
  return process.memoryUsage.rss() / 2 ** 20;
}
