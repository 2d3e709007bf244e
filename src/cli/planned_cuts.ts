import type { RunConfig } from '../config/run_config.js';
import { OWN_ROWS } from '../data/splits/registry.js';
import { numSlots } from '../engine/optimizer.js';
import { cutCosts } from '../planner/cut_costs.js';
import {
  framesOf,
  noFrames,
  rowBytes,
  type FramePlan,
  type HeadSharing,
  type OptimizerSlots,
} from '../planner/frames.js';
import { networkLines, secondsOnLine } from '../planner/network_time.js';
import { possibleParts, type PlacedParts } from '../planner/placed_parts.js';
import { predictTraffic, type PlannedTurn, type TrafficOptions } from '../planner/predict_traffic.js';
import type { ClientTraffic } from '../planner/traffic.js';
import type { CutRow, MeasuredCut } from '../report/cut_table.js';
import type { Scheme } from '../server/schemes/scheme.js';
import { forgettingTests } from './evaluations.js';
import { scheduleFor, type RunPlan } from './plan.js';

/** Every way to place the layers of a run's network, and the one that the options ask for. */
export function plannedParts({ network, split }: RunPlan): {
  readonly all: readonly PlacedParts[];
  readonly asked: PlacedParts;
} {
  const all = possibleParts(network, split.back !== null);
  const asked = all.find(
    ({ cut, back }) => cut === split.cut && back?.layers.length === split.back?.layers.length,
  );
  if (!asked) throw new Error(`"${split.cut}" is not among the possible cuts.`);
  return { all, asked };
}

/** What a whole run of these options sends, by client, tests included. */
export function plannedTraffic(config: RunConfig, plan: RunPlan): readonly ClientTraffic[] {
  const frames =
    plan.scheme.tails === 'none' ? noFrames : framesFor(config, plan.scheme, plannedParts(plan).asked);
  return predictTraffic({
    ...trainingOptions(config, plan, plan.schedule, frames),
    testSizes: plan.testSizes,
    hasOwnTests: config.data_split === OWN_ROWS,
    forgetting: forgettingTests(config, plan.scheme, plan.numForgettingRows),
  });
}

/** One cut in numbers. Of an epoch only the training counts, and computing where it was measured. */
export function plannedCut(
  config: RunConfig,
  plan: RunPlan,
  parts: PlacedParts,
  measured: MeasuredCut | undefined,
): Omit<CutRow, 'isRecommended' | 'isAsked'> {
  const { scheme } = plan;
  const frames = framesFor(config, scheme, parts);
  const schedule = scheduleFor({ ...config, max_steps: 0, skip_visits: '' }, plan.shardSizes, []);
  const training = predictTraffic({
    ...trainingOptions(config, plan, schedule, frames),
    testSizes: plan.testSizes.map(() => 0),
    hasOwnTests: false,
    forgetting: { when: 'off', numRows: 0 },
  });
  const isSideBySide = scheme.turns === 'side_by_side';
  const computing = measured
    ? computingSeconds(scheme, numBatchesOf(schedule, training.length), measured)
    : 0;
  return {
    name: nameOf(parts),
    ...cutCosts(parts, slotsOf(config), config.batch_size),
    upBytes: rowBytes(frames, 'up'),
    downBytes: rowBytes(frames, 'down'),
    handOverBytes: frames.handOverBytes + frames.sumBytes,
    epochSeconds: networkLines.map(
      (line) => (secondsOnLine(training, line, isSideBySide) + computing) / config.n_epochs,
    ),
    measured,
  };
}

export function nameOf({ cut, cutBack }: PlacedParts): string {
  return cutBack === undefined ? cut : `${cut}, ${cutBack}`;
}

/**
 * Client and server work in turn. Of clients side by side it takes as long as the one with most batches needs, or the one tail
 * for all of them, if that is longer.
 */
function computingSeconds(scheme: Scheme, numBatches: readonly number[], measured: MeasuredCut): number {
  const serverMs = measured.serverForwardMs + measured.serverBackwardMs;
  const batchMs = measured.clientForwardMs + measured.clientBackwardMs + serverMs;
  const numInAll = numBatches.reduce((sum, each) => sum + each, 0);
  if (scheme.turns === 'one_by_one') return (numInAll * batchMs) / 1000;
  const longestMs = Math.max(...numBatches) * batchMs;
  return (scheme.tails === 'one' ? Math.max(longestMs, numInAll * serverMs) : longestMs) / 1000;
}

/** By client. */
function numBatchesOf(schedule: readonly PlannedTurn[], numClients: number): readonly number[] {
  const numBatches = new Array<number>(numClients).fill(0);
  for (const { visits } of schedule)
    for (const { client, numSteps } of visits) numBatches[client] += numSteps;
  return numBatches;
}

function slotsOf({ optimizer }: RunConfig): OptimizerSlots {
  return { head: numSlots[optimizer.head.name], tail: numSlots[optimizer.tail.name] };
}

function framesFor(config: RunConfig, scheme: Scheme, parts: PlacedParts): FramePlan {
  return framesOf(parts, slotsOf(config), sharingOf(config, scheme));
}

function sharingOf({ handoff, splitfed_optimizer }: RunConfig, { heads }: Scheme): HeadSharing {
  switch (heads) {
    case 'handed_over':
      return { heads, movesHeadOptimizer: handoff === 'weights_and_optimizer' };
    case 'averaged':
      return { heads, averagesOptimizers: splitfed_optimizer === 'average' };
    case 'own':
      return { heads };
    default:
      return heads satisfies never;
  }
}

function trainingOptions(
  { batch_size: batchSize }: RunConfig,
  plan: RunPlan,
  turns: readonly PlannedTurn[],
  frames: FramePlan,
): Omit<TrafficOptions, 'testSizes' | 'hasOwnTests' | 'forgetting'> {
  return { turns, heads: plan.scheme.heads, shardSizes: plan.shardSizes, batchSize, frames };
}
