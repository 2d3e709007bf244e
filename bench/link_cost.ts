import { gatherLabels, gatherPictures } from '../src/data/batches.js';
import { inputFormat, type ClusterOptions } from '../src/cli/cluster.js';
import { limitRows } from '../src/data/dataset.js';
import { loadMnist } from '../src/data/mnist.js';
import { loadEngine } from '../src/engine/registry.js';
import { lenet } from '../src/models/lenet.js';
import { compileHalves, directStep, type Halves } from './halves.js';
import { summarise, type Measurement } from './stats.js';
import { oneClient, openTraining } from './training.js';

const BATCH_SIZE = 32;
const STEPS_PER_BLOCK = 100;
const NUM_BLOCKS = 15;

/**
 * What the link costs: blocks of steps over a worker thread, in turn with blocks of the same two segments called directly.
 * Rows become batches in both. Below 1, the overlap of tail and head saves more than the link costs.
 */
export async function* linkCost(): AsyncGenerator<Measurement> {
  const all = await loadMnist({ dataDir: '' });
  const numRows = BATCH_SIZE * STEPS_PER_BLOCK;
  const dataset = { ...all, train: limitRows(all.train, numRows), test: limitRows(all.test, 1) };
  const network = lenet(dataset.shape);
  const ring = await openTraining({ ...oneClient, network, dataset, batchSize: BATCH_SIZE });
  try {
    const halves = await compileHalves(network, await loadEngine('onnxruntime'));
    const over: number[] = [];
    const direct: number[] = [];
    for (let block = 0; block <= NUM_BLOCKS; block++) {
      const times = [await directBlock(halves, ring.options), await ring.pass()];
      if (block === 0) continue; // warming up
      direct.push(times[0]);
      over.push(times[1]);
    }
    yield summarise('lenet, batch 32: step called directly', direct, 'ms');
    yield summarise('lenet, batch 32: step over a worker thread', over, 'ms');
    const ratios = over.map((time, block) => time / direct[block]);
    yield summarise('lenet, batch 32: over a thread / directly (at most 1.10)', ratios, 'x');
  } finally {
    await ring.close();
  }
}

/** Milliseconds a step. */
async function directBlock(halves: Halves, { dataset, network }: ClusterOptions): Promise<number> {
  const input = inputFormat(dataset, network);
  const start = performance.now();
  for (let step = 0; step < STEPS_PER_BLOCK; step++) {
    const rows = Uint32Array.from({ length: BATCH_SIZE }, (_, index) => step * BATCH_SIZE + index);
    await directStep(halves, gatherPictures(dataset.train, rows, input), gatherLabels(dataset.train, rows));
  }
  return (performance.now() - start) / STEPS_PER_BLOCK;
}
