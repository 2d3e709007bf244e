import { openCluster, type Cluster, type ClusterOptions } from '../../src/cli/cluster.js';
import { recordTraining, type Trajectory } from '../../src/cli/proof.js';
import { limitRows } from '../../src/data/dataset.js';
import { partitionInOrder } from '../../src/data/partition.js';
import { loadDataset } from '../../src/data/registry.js';
import { initialWeights } from '../../src/models/init.js';
import { lenet } from '../../src/models/lenet.js';
import { splitNetwork } from '../../src/models/network.js';
import { ringSchedule } from '../../src/server/ring_schedule.js';

const sgd = { name: 'sgd', lr: 0.01, momentum: 0.9, weightDecay: 5e-4 } as const;
const BATCH_SIZE = 8;

/** A small ring on the first rows of MNIST, in order: two batches a client. */
export async function smallRing(numClients: number, numThreads: number, seed = 0, numRows = numClients * 16) {
  const all = await loadDataset('mnist', '');
  const dataset = { ...all, train: limitRows(all.train, numRows), test: limitRows(all.test, 16) };
  const network = lenet(dataset.shape);
  const split = splitNetwork(network, 'default');
  const shards = partitionInOrder(numRows, numClients);
  const options: ClusterOptions = {
    dataset,
    network,
    split,
    shards,
    rowOrder: 'in_order',
    batchSize: BATCH_SIZE,
    seed,
    engine: 'onnxruntime',
    numThreads,
    devices: 'auto',
    headOptimizer: sgd,
    tailOptimizer: sgd,
    tailWeights: initialWeights(split.tail.layers, seed),
  };
  const shardSizes = shards.map(({ length }) => length);
  const schedule = ringSchedule({
    numEpochs: 1,
    localEpochs: 1,
    batchSize: BATCH_SIZE,
    shardSizes,
    maxSteps: 0,
  });
  const run = { split, schedule, shardSizes, numTestRows: 16, handoff: 'weights_and_optimizer' } as const;
  return { options, run };
}

/** Opens a cluster, puts the first head in place, and trains. */
export async function trainSmallRing(
  { options, run }: Awaited<ReturnType<typeof smallRing>>,
  use: (cluster: Cluster) => Promise<void> = () => Promise.resolve(),
): Promise<Trajectory> {
  const cluster = await openCluster(options);
  try {
    await cluster.links[0].createHead({ generation: 0, step: 0 });
    const trajectory = await recordTraining(cluster, cluster.links, run);
    await use(cluster);
    return trajectory;
  } finally {
    await cluster.close();
  }
}
