import { batchesOf, gatherLabels, gatherPictures, type BatchOptions } from '../data/batches.js';
import { limitRows, type Dataset } from '../data/dataset.js';
import { partitionIid } from '../data/splits/iid.js';
import { chooseEngine, type EngineChoice } from '../engine/choice.js';
import { freshState, type SegmentSpec } from '../engine/engine.js';
import type { OptimizerOptions } from '../engine/optimizer.js';
import { loadEngine } from '../engine/registry.js';
import type { Handoff } from '../link/messages.js';
import { tally } from '../metrics/classification.js';
import { initialWeights } from '../models/init.js';
import { numParameters } from '../models/layers.js';
import { splitNetwork, unsplitNetwork } from '../models/network.js';
import { models, type ModelName } from '../models/registry.js';
import { ringSchedule } from '../server/ring_schedule.js';
import { inputFormat, openCluster, plainCluster, type ClusterOptions } from './cluster.js';
import { largestDifference, recordTraining, type Check, type RingRun, type Trajectory } from './proof.js';

/** What is compared. */
export interface SplitProofOptions {
  readonly dataset: Dataset;
  readonly model: ModelName;
  readonly cut: string;
  readonly engine: EngineChoice;
  readonly devices: string;
  readonly tailDevice: string;
  readonly numClients: number;
  readonly numThreads: number;
  readonly optimizer: OptimizerOptions;
  readonly handoff: Handoff;
}

/** Rows and batches are few, and a shard does not divide into whole batches. */
const ROWS_PER_CLIENT = 74;
const BATCH_SIZE = 16;
const NUM_ROUNDS = 3;
const SEED = 0;

/**
 * Adam divides by the root of a mean square, which for a parameter with hardly any gradient is rounding itself: there the
 * last bit of a sum decides the whole step.
 */
const tolerances = {
  sgd: { loss: 1e-6, weight: 1e-6 },
  adam: { loss: 1e-5, weight: 1e-4 },
} as const;

/**
 * Trains a few dozen batches split (threads, ring, several clients) and unsplit (all layers as one segment, on the same
 * batches in the same order), and compares every loss and every weight.
 */
export async function proveSplitEqualsUnsplit(options: SplitProofOptions): Promise<readonly Check[]> {
  const { model, cut, handoff, optimizer, numClients } = options;
  const numRows = numClients * ROWS_PER_CLIENT;
  const dataset = {
    ...options.dataset,
    train: limitRows(options.dataset.train, numRows),
    test: limitRows(options.dataset.test, BATCH_SIZE),
  };
  const network = models[model](dataset.shape);
  const split = splitNetwork(network, cut);
  const shards = partitionIid(dataset.train.numRows, numClients, SEED);
  const shardSizes = shards.map(({ length }) => length);
  const ringOptions = {
    numEpochs: NUM_ROUNDS,
    localEpochs: 1,
    batchSize: BATCH_SIZE,
    shardSizes,
    maxSteps: 0,
    skippedVisits: [],
  };
  const clusterOptions: ClusterOptions = {
    ...options,
    dataset,
    network,
    split,
    shards,
    ...plainCluster,
    rowOrder: 'shuffled',
    batchSize: BATCH_SIZE,
    seed: SEED,
    headOptimizer: optimizer,
    tailOptimizer: optimizer,
    tailWeights: initialWeights(split.tail.layers, SEED),
  };
  const run: RingRun = {
    split,
    schedule: ringSchedule(ringOptions),
    shardSizes,
    numTestRows: dataset.test.numRows,
    handoff,
  };
  const splitRun = await trainSplit(clusterOptions, run);
  const unsplitRun = await trainUnsplit(clusterOptions, run);

  const relative = splitRun.losses.map(
    (loss, step) => Math.abs(loss - unsplitRun.losses[step]) / unsplitRun.losses[step],
  );
  const subject = `${optimizer.name}, ${handoff}, ${splitRun.losses.length} batches`;
  const { loss, weight } = tolerances[optimizer.name];
  return [
    {
      subject: `${subject}: loss (relative)`,
      difference: largestDifference(
        relative,
        relative.map(() => 0),
      ),
      tolerance: loss,
    },
    ...(['headWeights', 'tailWeights'] as const).map((half) => ({
      subject: `${subject}: ${half === 'headWeights' ? 'head' : 'tail'} weight`,
      difference: largestDifference(splitRun[half], unsplitRun[half]),
      tolerance: weight,
    })),
  ];
}

async function trainSplit(options: ClusterOptions, run: RingRun): Promise<Trajectory> {
  const cluster = await openCluster(options);
  try {
    await cluster.links[run.schedule[0].client].createHead({ generation: 0, step: 0 });
    return await recordTraining(cluster, cluster.links, run);
  } finally {
    await cluster.close();
  }
}

async function trainUnsplit(
  options: ClusterOptions,
  { split, schedule, handoff }: RingRun,
): Promise<Trajectory> {
  const { dataset, network, shards, headOptimizer, tailOptimizer } = options;
  const engine = await loadEngine((await chooseEngine(options.engine)).name);
  const [device] = await engine.listDevices();
  const spec: SegmentSpec = {
    part: unsplitNetwork(network),
    hasLoss: true,
    needsInputGradient: false,
    groups: [
      { numLayers: split.head.layers.length, optimizer: headOptimizer },
      { numLayers: split.tail.layers.length, optimizer: tailOptimizer },
    ],
    device: device.name,
  };
  const program = await engine.compile(spec);
  const whole = program.createSegment(freshState(spec, initialWeights(network.layers, options.seed)));
  const input = inputFormat(dataset, network);
  const batchOptions: BatchOptions = options;
  const losses: number[] = [];
  for (const visit of schedule) {
    if (handoff === 'weights') whole.resetOptimizers(0);
    for (const rows of batchesOf(shards[visit.client], visit.client, batchOptions, {
      ...visit,
      firstBatch: 0,
    })) {
      const labels = gatherLabels(dataset.train, rows);
      const { logits_BK } = await whole.lossGradient(gatherPictures(dataset.train, rows, input), labels);
      await whole.update();
      losses.push(tally(logits_BK.data, labels).lossSum / rows.length);
    }
  }
  const { weights } = whole.exportState();
  await program.dispose();
  const numHead = numParameters(split.head.layers);
  return { losses, headWeights: weights.slice(0, numHead), tailWeights: weights.slice(numHead) };
}
