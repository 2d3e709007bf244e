import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OptimizerMean } from '../engine/mean_state.js';
import type { Link } from '../link/link.js';
import type { Handoff } from '../link/messages.js';
import type { SplitNetwork } from '../models/network.js';
import { decodeWeights } from '../models/weights.js';
import { protocolOf } from '../server/protocols/registry.js';
import type { Turn } from '../server/schedule.js';
import type { Scheme } from '../server/schemes/scheme.js';
import { neverPause, noForgettingTests, train } from '../server/trainer.js';
import type { Cluster } from './cluster.js';
import { clientParts } from './model_files.js';

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
  /** One a batch, in the order in which they were trained. */
  readonly losses: readonly number[];
  /** Whose batch each was. */
  readonly clients: readonly number[];
  /** By the clients that have the trained heads: the weights of each of their layer groups. */
  readonly heads: ReadonlyMap<number, readonly Float32Array<ArrayBuffer>[]>;
  /** Null where the clients have the whole network. */
  readonly tail: Float32Array<ArrayBuffer> | null;
}

/** A training that is only to be compared. */
export interface ProvenRun {
  readonly scheme: Scheme;
  readonly split: SplitNetwork;
  readonly schedule: readonly Turn[];
  readonly seed: number;
  readonly shardSizes: readonly number[];
  readonly testSizes: readonly number[];
  readonly hasOwnTests: boolean;
  readonly numClasses: number;
  readonly handoff: Handoff;
  readonly splitfedOptimizer: OptimizerMean;
}

/** Trains through a cluster's real threads and links, and takes what came of it. */
export async function recordTraining(
  { tails }: Pick<Cluster, 'tails'>,
  links: readonly Link[],
  run: ProvenRun,
): Promise<Trajectory> {
  const protocol = protocolOf(run.scheme, run.split.back !== null, run.numClasses);
  const quiet = { forgetting: noForgettingTests, pause: neverPause };
  const training = train({ ...run, ...quiet, protocol, links, tails, generation: 0 });
  const losses: number[] = [];
  const clients: number[] = [];
  let next = await training.next();
  for (; !next.done; next = await training.next()) {
    if (next.value.type !== 'step') continue;
    losses.push(next.value.loss);
    clients.push(next.value.client);
  }
  const heads = new Map<number, readonly Float32Array<ArrayBuffer>[]>();
  for (const client of next.value.holders) heads.set(client, await savedHead(links[client], run));
  return { losses, clients, heads, tail: await tails.exportWeights() };
}

async function savedHead(link: Link, run: ProvenRun): Promise<readonly Float32Array<ArrayBuffer>[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bloom-split-'));
  try {
    const groups = clientParts(run.scheme, run.split).map(({ layers }) => layers);
    const paths = groups.map((_, group) => join(folder, `${group}.safetensors`));
    await link.saveHead({ paths });
    return await Promise.all(
      groups.map(async (layers, group) => decodeWeights(layers, await readFile(paths[group]), paths[group])),
    );
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

/** max |a - b| / |b| */
export function largestRelativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const relative = Array.from(a, (value, index) => Math.abs(value - b[index]) / Math.abs(b[index]));
  return a.length === b.length ? largestDifference(relative, new Float64Array(a.length)) : NaN;
}

/** Euclidean norm of a - b. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] - b[index]) ** 2;
  return a.length === b.length ? Math.sqrt(sum) : NaN;
}
