import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Handoff } from '../link/messages.js';
import type { Link } from '../link/link.js';
import type { SplitNetwork } from '../models/network.js';
import { decodeWeights } from '../models/weights.js';
import type { Visit } from '../server/ring_schedule.js';
import { neverRest, noForgettingTests, trainRing } from '../server/trainer.js';
import type { Cluster } from './cluster.js';

/** A number that must stay below another. */
export interface Check {
  readonly subject: string;
  readonly difference: number;
  readonly tolerance: number;
}

/** NaN fails, as it must. */
export function holds({ difference, tolerance }: Check): boolean {
  return difference <= tolerance;
}

/** What a training did, for a comparison. */
export interface Trajectory {
  /** One a batch. */
  readonly losses: readonly number[];
  readonly headWeights: Float32Array<ArrayBuffer>;
  readonly tailWeights: Float32Array<ArrayBuffer>;
}

export interface RingRun {
  readonly split: SplitNetwork;
  readonly schedule: readonly Visit[];
  readonly shardSizes: readonly number[];
  readonly numTestRows: number;
  readonly handoff: Handoff;
}

/** Trains through a cluster's real threads and ring; the first client of the schedule must have its head. */
export async function recordTraining(
  cluster: Cluster,
  links: readonly Link[],
  run: RingRun,
): Promise<Trajectory> {
  const { split, schedule } = run;
  const losses: number[] = [];
  const quiet = { forgetting: noForgettingTests, rest: neverRest };
  for await (const event of trainRing({ ...run, links, tail: cluster.tail, generation: 0, ...quiet }))
    if (event.type === 'step') losses.push(event.loss);
  const folder = await mkdtemp(join(tmpdir(), 'bloom-split-'));
  try {
    const path = join(folder, 'head.safetensors');
    await links[schedule[schedule.length - 1].client].saveHead({ path });
    const headWeights = decodeWeights(split.head.layers, await readFile(path), path);
    return { losses, headWeights, tailWeights: cluster.tail.exportWeights() };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** max |a - b| */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let index = 0; index < a.length; index++) {
    const difference = Math.abs(a[index] - b[index]);
    if (!(difference <= largest)) largest = difference;
  }
  return a.length === b.length ? largest : NaN;
}

/** Euclidean norm of a - b. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] - b[index]) ** 2;
  return a.length === b.length ? Math.sqrt(sum) : NaN;
}
