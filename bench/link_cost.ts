import { openCluster, plainCluster, type ClusterOptions } from '../src/cli/cluster.js';
import { gatherLabels, gatherPictures } from '../src/data/batches.js';
import { limitRows } from '../src/data/dataset.js';
import { partitionInOrder } from '../src/data/splits/iid.js';
import { loadMnist } from '../src/data/mnist.js';
import { loadEngine } from '../src/engine/registry.js';
import { initialWeights } from '../src/models/init.js';
import { lenet } from '../src/models/lenet.js';
import { splitNetwork } from '../src/models/network.js';
import { protocolOf } from '../src/server/protocols/registry.js';
import { scheduleOf } from '../src/server/schedule.js';
import { sequential } from '../src/server/schemes/sequential.js';
import { neverPause, noForgettingTests, train } from '../src/server/trainer.js';
import { compileHalves, directStep, sgd, type Halves } from './halves.js';
import { summarise, type Measurement } from './stats.js';

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
  const split = splitNetwork(network, 'default');
  const options: ClusterOptions = {
    ...plainCluster,
    dataset,
    network,
    split,
    shards: partitionInOrder(numRows, 1),
    rowOrder: 'in_order',
    batchSize: BATCH_SIZE,
    seed: 0,
    engine: 'onnxruntime',
    numThreads: 1,
    devices: 'auto',
    tailDevice: 'auto',
    headOptimizer: sgd,
    tailOptimizer: sgd,
    tailWeights: initialWeights(split.tail.layers, 0),
  };
  const cluster = await openCluster(options);
  try {
    const halves = await compileHalves(network, await loadEngine('onnxruntime'));
    const over: number[] = [];
    const direct: number[] = [];
    const schedule = scheduleOf({
      scheme: sequential,
      numEpochs: 1,
      localEpochs: 1,
      batchSize: BATCH_SIZE,
      shardSizes: [numRows],
      clientFraction: 1,
      seed: 0,
      maxSteps: 0,
      skippedVisits: [],
    });
    for (let block = 0; block <= NUM_BLOCKS; block++) {
      const times = [await directBlock(halves, options), await ringBlock(cluster, schedule, numRows)];
      if (block === 0) continue; // warming up
      direct.push(times[0]);
      over.push(times[1]);
    }
    yield summarise('lenet, batch 32: step called directly', direct, 'ms');
    yield summarise('lenet, batch 32: step over a worker thread', over, 'ms');
    const ratios = over.map((time, block) => time / direct[block]);
    yield summarise('lenet, batch 32: over a thread / directly (at most 1.10)', ratios, 'x');
  } finally {
    await cluster.close();
  }
}

/** Milliseconds a step. */
async function directBlock(halves: Halves, { dataset, network }: ClusterOptions): Promise<number> {
  const input = { picture: dataset.shape.picture, padding: network.padding, background: dataset.background };
  const start = performance.now();
  for (let step = 0; step < STEPS_PER_BLOCK; step++) {
    const rows = Uint32Array.from({ length: BATCH_SIZE }, (_, index) => step * BATCH_SIZE + index);
    await directStep(halves, gatherPictures(dataset.train, rows, input), gatherLabels(dataset.train, rows));
  }
  return (performance.now() - start) / STEPS_PER_BLOCK;
}

/** Milliseconds a step, up to the end of the visit; the test after it is left out. */
async function ringBlock(
  { links, tails }: Awaited<ReturnType<typeof openCluster>>,
  schedule: ReturnType<typeof scheduleOf>,
  numRows: number,
): Promise<number> {
  const parts = {
    scheme: sequential,
    protocol: protocolOf(sequential, false),
    links,
    tails,
    schedule,
    seed: 0,
    handoff: 'weights_and_optimizer',
    splitfedOptimizer: 'reset',
    generation: 0,
    shardSizes: [numRows],
    numTestRows: 1,
    forgetting: noForgettingTests,
    pause: neverPause,
  } as const;
  const start = performance.now();
  let end = start;
  for await (const { type } of train(parts)) if (type === 'visit') end = performance.now();
  return (end - start) / STEPS_PER_BLOCK;
}
