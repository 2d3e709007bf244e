import type { LoadedConfig } from '../config/load.js';
import type { RunConfig } from '../config/run_config.js';
import { numParameters } from '../models/layers.js';
import type { RunInfo } from '../report/sink.js';
import type { Cluster } from './cluster.js';
import type { Scheme } from '../server/schemes/scheme.js';
import { schemeText } from './scheme_text.js';
import { noticesOf } from './notices.js';
import type { RunPlan } from './plan.js';
import { rowsOfVisit, totalSteps } from '../server/schedule.js';

/** What a run is about to do. */
export function infoOf(
  config: RunConfig,
  plan: RunPlan,
  cluster: Cluster,
  runDirectory: string,
  fromEnvironment: LoadedConfig['fromEnvironment'],
  numRowsDone: number,
): RunInfo {
  const { scheme, dataset, split, shardSizes, schedule } = plan;
  const last = schedule[schedule.length - 1];
  const visits = schedule.flatMap((turn) => turn.visits);
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
    numBackParameters: split.back && numParameters(split.back.layers),
    shardSizes,
    batchSize: config.batch_size,
    scheme: schemeText(config).title,
    schemeOptions: schemeOptions(config, scheme),
    numRounds: last.round + 1,
    numSteps: totalSteps(schedule),
    numRowsDone,
    numRowsToTrain: visits.reduce(
      (sum, visit) => sum + rowsOfVisit(visit, shardSizes[visit.client], config.batch_size),
      0,
    ),
    optimizers: { head: describe(config.optimizer.head), tail: describe(config.optimizer.tail) },
    engine: cluster.engine,
    whyEngine: cluster.whyEngine,
    engineVersion: cluster.engineVersion,
    threadDevices: config.link === 'threads' ? cluster.threadDevices : [],
    tailDevice: cluster.tailDevice,
    seed: config.seed,
    fromEnvironment,
    notices: noticesOf(config, plan),
  };
}

/** Options that mean something in this scheme. */
function schemeOptions(config: RunConfig, { heads }: Scheme): readonly string[] {
  return [
    ...(heads === 'handed_over' ? [`handoff ${config.handoff}`] : []),
    ...(heads === 'averaged' ? [`optimisers ${config.splitfed_optimizer}`] : []),
    ...(config.client_fraction < 1 ? [`${config.client_fraction} of the clients a round`] : []),
  ];
}

function describe({ name, lr, momentum, weight_decay: decay }: RunConfig['optimizer']['head']): string {
  return `${name}, lr ${lr}${name === 'sgd' ? `, momentum ${momentum}` : ''}, weight decay ${decay}`;
}
