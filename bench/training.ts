import { openCluster, plainCluster, type ClusterOptions } from '../src/cli/cluster.js';
import type { TrainEvent, TrainResult } from '../src/core/events.js';
import type { Dataset } from '../src/data/dataset.js';
import { partitionInOrder } from '../src/data/splits/iid.js';
import { initialWeights } from '../src/models/init.js';
import { splitNetwork, type Network } from '../src/models/network.js';
import { protocolOf } from '../src/server/protocols/registry.js';
import { scheduleOf } from '../src/server/schedule.js';
import type { Scheme } from '../src/server/schemes/scheme.js';
import { sequential } from '../src/server/schemes/sequential.js';
import { neverPause, noForgettingTests, train } from '../src/server/trainer.js';
import { sgd } from './halves.js';
import { type ComputeOptions, plainCompute } from '../src/engine/engine.js';

/** Clients in their threads, and the server: everything that a step of training needs. */
export interface Training {
  readonly options: ClusterOptions;
  /** Trains all rows so many times, from fresh heads on; tests are of one row. */
  train(numEpochs: number): AsyncGenerator<TrainEvent, TrainResult>;
  /** Trains all rows once; gives milliseconds a batch, up to the end of the last visit: without averaging and tests. */
  pass(): Promise<number>;
  close(): Promise<void>;
}

export interface TrainingJob {
  readonly network: Network;
  /** Of whole batches for every client. */
  readonly dataset: Dataset;
  readonly batchSize: number;
  readonly scheme: Scheme;
  readonly numClients: number;
  /** Threads of the clients. */
  readonly numThreads: number;
  readonly compute: ComputeOptions;
}

/** A ring of one client. */
export const oneClient = { scheme: sequential, numClients: 1, numThreads: 1, compute: plainCompute };

export async function openTraining(job: TrainingJob): Promise<Training> {
  const { network, dataset, batchSize, scheme, numClients, numThreads, compute } = job;
  const { numRows } = dataset.train;
  const split = splitNetwork(network, 'default');
  const options: ClusterOptions = {
    ...plainCluster,
    scheme,
    dataset,
    network,
    split,
    shards: partitionInOrder(numRows, numClients),
    rowOrder: 'in_order',
    batchSize,
    seed: 0,
    engine: 'onnxruntime',
    numThreads,
    devices: 'auto',
    tailDevice: 'auto',
    compute,
    headOptimizer: sgd,
    tailOptimizer: sgd,
    tailWeights: initialWeights(split.tail.layers, 0),
  };
  const cluster = await openCluster(options);
  const { links, tails } = cluster;
  const shardSizes = options.shards.map(({ length }) => length);
  const scheduleFor = (numEpochs: number) =>
    scheduleOf({
      scheme,
      numEpochs,
      localEpochs: 1,
      batchSize,
      shardSizes,
      clientFraction: 1,
      seed: 0,
      maxSteps: 0,
      skippedVisits: [],
    });
  const parts = {
    scheme,
    protocol: protocolOf(scheme, false, dataset.shape.numClasses),
    links,
    tails,
    seed: 0,
    handoff: 'weights_and_optimizer',
    splitfedOptimizer: 'reset',
    generation: 0,
    shardSizes,
    testSizes: shardSizes.map(() => 1),
    hasOwnTests: false,
    forgetting: noForgettingTests,
    pause: neverPause,
  } as const;
  const trainEpochs = (numEpochs: number) => train({ ...parts, schedule: scheduleFor(numEpochs) });
  const pass = async () => {
    const start = performance.now();
    let end = start;
    for await (const { type } of trainEpochs(1)) if (type === 'visit') end = performance.now();
    return (end - start) / (numRows / batchSize);
  };
  return { options, train: trainEpochs, pass, close: () => cluster.close() };
}
