import type { RunConfig } from '../config/run_config.js';
import { numSlots } from '../engine/optimizer.js';
import { cutCosts } from '../planner/cut_costs.js';
import { framesOf, rowBytes, type FramePlan, type OptimizerSlots } from '../planner/frames.js';
import { networkLines, secondsOnLine } from '../planner/network_time.js';
import { possibleParts, type PlacedParts } from '../planner/placed_parts.js';
import {
  areClientsSideBySide,
  predictTraffic,
  type PlannedScheme,
  type TrafficOptions,
} from '../planner/predict_traffic.js';
import type { ClientTraffic } from '../planner/traffic.js';
import type { CutRow, MeasuredCut } from '../report/cut_table.js';
import { forgettingTests } from './evaluations.js';
import type { RunPlan } from './plan.js';

/** The scheme that is planned: the one this version has. */
export const plannedScheme = { name: 'sequential', isUShaped: false } as const satisfies {
  readonly name: PlannedScheme;
  readonly isUShaped: boolean;
};

/** Every way to place the layers of a run's network, and those that the options ask for. */
export function plannedParts({ network, split }: RunPlan): {
  readonly all: readonly PlacedParts[];
  readonly asked: PlacedParts;
} {
  const all = possibleParts(network, plannedScheme.isUShaped);
  const asked = all.find(({ cut }) => cut === split.cut);
  if (!asked) throw new Error(`"${split.cut}" is not among the possible cuts.`);
  return { all, asked };
}

/** What a whole run of these options sends, by client, tests included. */
export function plannedTraffic(
  config: RunConfig,
  plan: RunPlan,
  parts: PlacedParts,
): readonly ClientTraffic[] {
  return predictTraffic(plannedScheme.name, trafficOptions(config, plan, framesFor(config, parts)));
}

/** One cut in numbers. Of an epoch only the training counts, and computing where it was measured. */
export function plannedCut(
  config: RunConfig,
  plan: RunPlan,
  parts: PlacedParts,
  measured: MeasuredCut | undefined,
): Omit<CutRow, 'isRecommended' | 'isAsked'> {
  const frames = framesFor(config, parts);
  const options = trafficOptions(config, plan, frames);
  const training = predictTraffic(plannedScheme.name, { ...options, ...onlyTraining });
  const isSideBySide = areClientsSideBySide(plannedScheme.name);
  const computing = measured ? computingSeconds(options, measured) : 0;
  return {
    name: nameOf(parts),
    ...cutCosts(parts, slotsOf(config), config.batch_size),
    upBytes: rowBytes(frames, 'up'),
    downBytes: rowBytes(frames, 'down'),
    handOverBytes: frames.handOverBytes,
    epochSeconds: networkLines.map(
      (line) => secondsOnLine(training, line, isSideBySide) / config.n_epochs + computing,
    ),
    measured,
  };
}

export function nameOf({ cut, cutBack }: PlacedParts): string {
  return cutBack === undefined ? cut : `${cut}, ${cutBack}`;
}

const onlyTraining = {
  maxSteps: 0,
  skippedVisits: [],
  numTestRows: 0,
  forgetting: { when: 'off', numRows: 0 },
} as const;

/** One epoch of all clients, while client and server work in turn. */
function computingSeconds({ shardSizes, batchSize }: TrafficOptions, measured: MeasuredCut): number {
  const { clientForwardMs, clientBackwardMs, serverForwardMs, serverBackwardMs } = measured;
  const batchMs = clientForwardMs + clientBackwardMs + serverForwardMs + serverBackwardMs;
  return (shardSizes.reduce((sum, size) => sum + Math.ceil(size / batchSize), 0) * batchMs) / 1000;
}

function slotsOf({ optimizer }: RunConfig): OptimizerSlots {
  return { head: numSlots[optimizer.head.name], tail: numSlots[optimizer.tail.name] };
}

function framesFor(config: RunConfig, parts: PlacedParts): FramePlan {
  return framesOf(parts, slotsOf(config), config.handoff === 'weights_and_optimizer');
}

function trafficOptions(config: RunConfig, plan: RunPlan, frames: FramePlan): TrafficOptions {
  return {
    shardSizes: plan.partition.shards.map(({ length }) => length),
    batchSize: config.batch_size,
    numEpochs: config.n_epochs,
    localEpochs: config.local_epochs,
    maxSteps: config.max_steps,
    skippedVisits: config.skip_visits.split(',').filter((visit) => visit !== ''),
    frames,
    numTestRows: plan.dataset.test.numRows,
    forgetting: forgettingTests(config, plan.scheme, plan.forgettingRows.length),
  };
}
