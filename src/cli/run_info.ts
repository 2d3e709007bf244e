import type { LoadedConfig } from '../config/load.js';
import type { RunConfig } from '../config/run_config.js';
import { numParameters } from '../models/layers.js';
import type { RunInfo } from '../report/sink.js';
import type { Cluster } from './cluster.js';
import { noticesOf } from './notices.js';
import type { RunPlan } from './plan.js';

/** What a run is about to do. */
export function infoOf(
  config: RunConfig,
  { dataset, split, partition, schedule }: RunPlan,
  cluster: Cluster,
  runDirectory: string,
  fromEnvironment: LoadedConfig['fromEnvironment'],
  numRowsDone: number,
): RunInfo {
  const last = schedule[schedule.length - 1];
  const shardSizes = partition.shards.map(({ length }) => length);
  const numRowsToTrain = shardSizes.reduce((sum, size) => sum + size, 0) * config.n_epochs;
  const numSteps = last.firstStep + last.numSteps;
  return {
    runDirectory,
    dataset: config.dataset,
    numTrainRows: dataset.train.numRows,
    numTestRows: dataset.test.numRows,
    dataSplit: config.data_split,
    dataOrigin: `${dataset.folder} (${dataset.isVerified ? 'checksums verified' : 'unverified: not the official files'})`,
    model: config.model,
    cut: split.cut,
    numHeadParameters: numParameters(split.head.layers),
    numTailParameters: numParameters(split.tail.layers),
    shardSizes,
    batchSize: config.batch_size,
    handoff: config.handoff,
    numRounds: last.round + 1,
    numSteps,
    numRowsDone,
    numRowsToTrain:
      config.max_steps === 0 ? numRowsToTrain : Math.min(numRowsToTrain, numSteps * config.batch_size),
    optimizers: { head: describe(config.optimizer.head), tail: describe(config.optimizer.tail) },
    engine: cluster.engine,
    whyEngine: cluster.whyEngine,
    engineVersion: cluster.engineVersion,
    threadDevices: cluster.threadDevices,
    tailDevice: cluster.tailDevice,
    seed: config.seed,
    fromEnvironment,
    notices: noticesOf(config, { dataset, partition }),
  };
}

function describe({ name, lr, momentum, weight_decay: decay }: RunConfig['optimizer']['head']): string {
  return `${name}, lr ${lr}${name === 'sgd' ? `, momentum ${momentum}` : ''}, weight decay ${decay}`;
}
