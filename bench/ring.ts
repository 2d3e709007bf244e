import { openCluster, plainCluster, type ClusterOptions } from '../src/cli/cluster.js';
import type { Dataset } from '../src/data/dataset.js';
import { partitionInOrder } from '../src/data/splits/iid.js';
import { initialWeights } from '../src/models/init.js';
import { splitNetwork, type Network } from '../src/models/network.js';
import { ringSchedule } from '../src/server/ring_schedule.js';
import { neverRest, noForgettingTests, trainRing } from '../src/server/trainer.js';
import { sgd } from './halves.js';

/** One client in its thread, and the server: everything that a step of training needs. */
export interface Ring {
  readonly options: ClusterOptions;
  /** Trains all rows once; gives milliseconds a step, without the test after the visit. */
  pass(): Promise<number>;
  close(): Promise<void>;
}

/** `dataset` has whole batches. */
export async function openRing(network: Network, dataset: Dataset, batchSize: number): Promise<Ring> {
  const { numRows } = dataset.train;
  const split = splitNetwork(network, 'default');
  const options: ClusterOptions = {
    ...plainCluster,
    dataset,
    network,
    split,
    shards: partitionInOrder(numRows, 1),
    rowOrder: 'in_order',
    batchSize,
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
  const { links, tail } = cluster;
  await links[0].createHead({ generation: 0, step: 0 });
  const schedule = ringSchedule({
    numEpochs: 1,
    localEpochs: 1,
    batchSize,
    shardSizes: [numRows],
    maxSteps: 0,
    skippedVisits: [],
  });
  const parts = {
    links,
    tail,
    schedule,
    generation: 0,
    shardSizes: [numRows],
    numTestRows: 1,
    forgetting: noForgettingTests,
    rest: neverRest,
    handoff: 'weights_and_optimizer',
  } as const;
  const pass = async () => {
    const start = performance.now();
    let end = start;
    for await (const { type } of trainRing(parts)) if (type === 'visit') end = performance.now();
    return (end - start) / (numRows / batchSize);
  };
  return { options, pass, close: () => cluster.close() };
}
