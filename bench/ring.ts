import { openCluster, plainCluster, type ClusterOptions } from '../src/cli/cluster.js';
import type { Dataset } from '../src/data/dataset.js';
import { partitionInOrder } from '../src/data/splits/iid.js';
import { initialWeights } from '../src/models/init.js';
import { splitNetwork, type Network } from '../src/models/network.js';
import { protocolOf } from '../src/server/protocols/registry.js';
import { scheduleOf } from '../src/server/schedule.js';
import { sequential } from '../src/server/schemes/sequential.js';
import { neverPause, noForgettingTests, train } from '../src/server/trainer.js';
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
  const { links, tails } = cluster;
  const schedule = scheduleOf({
    scheme: sequential,
    numEpochs: 1,
    localEpochs: 1,
    batchSize,
    shardSizes: [numRows],
    clientFraction: 1,
    seed: 0,
    maxSteps: 0,
    skippedVisits: [],
  });
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
  const pass = async () => {
    const start = performance.now();
    let end = start;
    for await (const { type } of train(parts)) if (type === 'visit') end = performance.now();
    return (end - start) / (numRows / batchSize);
  };
  return { options, pass, close: () => cluster.close() };
}
