import { limitRows, type Dataset } from '../data/dataset.js';
import { partitionIid } from '../data/splits/iid.js';
import type { ComputeOptions } from '../engine/engine.js';
import type { EngineChoice } from '../engine/choice.js';
import type { OptimizerMean } from '../engine/mean_state.js';
import type { OptimizerOptions } from '../engine/optimizer.js';
import type { Handoff } from '../link/messages.js';
import { initialWeights } from '../models/init.js';
import { splitNetwork } from '../models/network.js';
import { models, type ModelName } from '../models/registry.js';
import { scheduleOf } from '../server/schedule.js';
import { schemes, type Mode } from '../server/schemes/registry.js';
import { openCluster, plainCluster, type ClusterOptions } from './cluster.js';
import {
  largestDifference,
  largestRelativeDifference,
  recordTraining,
  type Check,
  type ProvenRun,
  type Trajectory,
} from './proof.js';
import { replayUnsplit } from './replay.js';

/** What is compared. */
export interface SplitProofOptions {
  readonly dataset: Dataset;
  readonly mode: Mode;
  readonly model: ModelName;
  readonly cut: string;
  /** In the U shape. */
  readonly cutBack: string | undefined;
  readonly engine: EngineChoice;
  readonly devices: string;
  readonly tailDevice: string;
  readonly compute: ComputeOptions;
  readonly numClients: number;
  readonly numThreads: number;
  readonly optimizer: OptimizerOptions;
  readonly handoff: Handoff;
  readonly splitfedOptimizer: OptimizerMean;
  /** Share of the clients in a round. */
  readonly clientFraction: number;
}

/** Rows and batches are few, and a shard does not divide into whole batches. */
const ROWS_PER_CLIENT = 74;
export const BATCH_SIZE = 16;
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
 * Trains a few dozen batches split (threads, ring, several clients) and unsplit (replicas of the whole network, on the same
 * batches in the same order), and compares every loss and every weight.
 */
export async function proveSplitEqualsUnsplit(options: SplitProofOptions): Promise<readonly Check[]> {
  const { optimizer } = options;
  const { clusterOptions, run } = planProof(options);
  const split = await trainSplit(clusterOptions, run);
  const unsplit = await replayUnsplit(clusterOptions, run, split.clients);
  const subject = `${nameOf(options)}, ${split.losses.length} batches`;
  const { loss, weight } = tolerances[optimizer.name];
  return [
    {
      subject: `${subject}: loss (relative)`,
      difference: largestRelativeDifference(split.losses, unsplit.losses),
      tolerance: loss,
    },
    {
      subject: `${subject}: ${split.tail ? 'head' : 'any'} weight`,
      difference: Math.max(
        ...[...unsplit.heads].flatMap(([client, parts]) =>
          parts.map((part, group) => largestDifference(part, split.heads.get(client)?.[group] ?? [])),
        ),
      ),
      tolerance: weight,
    },
    ...(split.tail && unsplit.tail
      ? [
          {
            subject: `${subject}: tail weight`,
            difference: largestDifference(split.tail, unsplit.tail),
            tolerance: weight,
          },
        ]
      : []),
  ];
}

function nameOf({ mode, cutBack, optimizer, handoff, splitfedOptimizer }: SplitProofOptions): string {
  const { heads } = schemes[mode];
  const shared = { handed_over: [handoff], averaged: [`optimisers ${splitfedOptimizer}`], own: [] }[heads];
  const shape = cutBack === undefined ? [] : ['U-shaped'];
  return [...(mode === 'sequential' ? [] : [mode]), ...shape, optimizer.name, ...shared].join(', ');
}

/** The training of a proof, worked out. */
function planProof(options: SplitProofOptions): {
  readonly clusterOptions: ClusterOptions;
  readonly run: ProvenRun;
} {
  const { mode, model, cut, cutBack, optimizer, handoff, splitfedOptimizer, clientFraction } = options;
  const scheme = schemes[mode];
  const numClients = scheme.joinsRows ? 1 : options.numClients;
  const dataset = {
    ...options.dataset,
    train: limitRows(options.dataset.train, options.numClients * ROWS_PER_CLIENT),
    test: limitRows(options.dataset.test, BATCH_SIZE),
  };
  const network = models[model](dataset.shape);
  const split = splitNetwork(network, cut, cutBack);
  const shards = unevenShards(partitionIid(dataset.train.numRows, numClients, SEED));
  const shardSizes = shards.map(({ length }) => length);
  return {
    clusterOptions: {
      ...options,
      ...plainCluster,
      compute: options.compute,
      scheme,
      splitfedOptimizer,
      dataset,
      network,
      split,
      shards,
      rowOrder: 'shuffled',
      batchSize: BATCH_SIZE,
      seed: SEED,
      headOptimizer: optimizer,
      tailOptimizer: optimizer,
      tailWeights: initialWeights(split.tail.layers, SEED),
    },
    run: {
      scheme,
      split,
      schedule: scheduleOf({
        scheme,
        numEpochs: NUM_ROUNDS,
        localEpochs: 1,
        batchSize: BATCH_SIZE,
        shardSizes,
        clientFraction,
        seed: SEED,
        maxSteps: 0,
        skippedVisits: [],
      }),
      seed: SEED,
      shardSizes,
      testSizes: shardSizes.map(() => dataset.test.numRows),
      hasOwnTests: false,
      numClasses: dataset.shape.numClasses,
      handoff,
      splitfedOptimizer,
    },
  };
}

/** One client runs out of batches before the others. */
function unevenShards(shards: readonly Uint32Array<ArrayBuffer>[]): readonly Uint32Array<ArrayBuffer>[] {
  return shards.length < 2 ? shards : [shards[0].subarray(0, BATCH_SIZE + 3), ...shards.slice(1)];
}

async function trainSplit(options: ClusterOptions, run: ProvenRun): Promise<Trajectory> {
  const cluster = await openCluster(options);
  try {
    return await recordTraining(cluster, cluster.links, run);
  } finally {
    await cluster.close();
  }
}
