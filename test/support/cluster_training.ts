import { openCluster, plainCluster, type Cluster, type ClusterOptions } from '../../src/cli/cluster.js';
import { recordTraining, type Trajectory } from '../../src/cli/proof.js';
import { limitRows, type Dataset } from '../../src/data/dataset.js';
import { partitionIid } from '../../src/data/splits/iid.js';
import { loadMnist } from '../../src/data/mnist.js';
import type { OptimizerOptions } from '../../src/engine/optimizer.js';
import type { Handoff } from '../../src/link/messages.js';
import { initialWeights } from '../../src/models/init.js';
import { lenet } from '../../src/models/lenet.js';
import { splitNetwork } from '../../src/models/network.js';
import { protocolOf } from '../../src/server/protocols/registry.js';
import { scheduleOf } from '../../src/server/schedule.js';
import { sequential } from '../../src/server/schemes/sequential.js';
import { neverPause, noForgettingTests, type TrainerParts } from '../../src/server/trainer.js';

export const sgd: OptimizerOptions = { name: 'sgd', lr: 0.01, momentum: 0.9, weightDecay: 5e-4 };
export const adam: OptimizerOptions = {
  name: 'adam',
  lr: 0.001,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 5e-4,
};

let loading: Promise<Dataset> | undefined;

/** The first rows of MNIST, as they are embedded. */
export async function firstDigits(numTrainRows: number, numTestRows: number): Promise<Dataset> {
  const all = await (loading ??= loadMnist({ dataDir: '' }));
  return { ...all, train: limitRows(all.train, numTrainRows), test: limitRows(all.test, numTestRows) };
}

export interface TrainingOptions extends Partial<ClusterOptions> {
  readonly dataset: Dataset;
  readonly numClients: number;
  readonly numEpochs?: number;
  readonly handoff?: Handoff;
}

/** A whole training of LeNet in a ring, worked out: what the cluster is made of, and what the trainer is told besides. */
export interface Training {
  readonly options: ClusterOptions;
  readonly parts: Omit<TrainerParts, 'links' | 'tails'>;
}

export function planTraining(given: TrainingOptions): Training {
  const { dataset, numClients, numEpochs = 1, handoff = 'weights_and_optimizer' } = given;
  const { seed = 0, batchSize = 8 } = given;
  const network = lenet(dataset.shape);
  const split = splitNetwork(network, 'default');
  const shards = given.shards ?? partitionIid(dataset.train.numRows, numClients, seed);
  const shardSizes = shards.map(({ length }) => length);
  return {
    options: {
      network,
      split,
      ...plainCluster,
      rowOrder: 'shuffled',
      engine: 'onnxruntime',
      numThreads: Math.min(2, numClients),
      devices: 'auto',
      tailDevice: 'auto',
      headOptimizer: sgd,
      tailOptimizer: sgd,
      tailWeights: initialWeights(split.tail.layers, seed),
      ...given,
      shards,
      seed,
      batchSize,
    },
    parts: {
      scheme: sequential,
      protocol: protocolOf(sequential, false, dataset.shape.numClasses),
      schedule: scheduleOf({
        scheme: sequential,
        numEpochs,
        localEpochs: 1,
        batchSize,
        shardSizes,
        clientFraction: 1,
        seed,
        maxSteps: 0,
        skippedVisits: [],
      }),
      seed,
      handoff,
      splitfedOptimizer: 'reset',
      generation: 0,
      shardSizes,
      testSizes: shardSizes.map(() => dataset.test.numRows),
      hasOwnTests: false,
      forgetting: noForgettingTests,
      pause: neverPause,
    },
  };
}

/** Opens the cluster of a training; closes it afterwards, whatever happens. */
export async function withCluster<T>(
  { options }: Training,
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = await openCluster(options);
  try {
    return await use(cluster);
  } finally {
    await cluster.close();
  }
}

/** Trains on real threads to the end; gives every loss and the final weights. */
export async function trainOnThreads(given: TrainingOptions): Promise<Trajectory> {
  const training = planTraining(given);
  const { options, parts } = training;
  const run = { ...parts, split: options.split, numClasses: options.dataset.shape.numClasses };
  return await withCluster(training, (cluster) => recordTraining(cluster, cluster.links, run));
}
