import { ConfigError } from '../../core/errors.js';
import { randomStream, type RandomStream } from '../../core/random.js';
import { groupRows, inRandomOrder } from '../row_groups.js';
import type { Shard, SplitInput } from './data_split.js';

/** How many rows of each group (a class, or all rows) each client gets: [group][client]. */
export type Counts = readonly Uint32Array[];

/** A split whose counts are drawn. */
export interface DrawnSplit {
  /** Value of `data_split`; keys the random streams. */
  readonly name: string;
  readonly minSamples: number;
  /** Random numbers in one draw. */
  readonly drawLength: number;
  /** What decides the draws and how to change it, for an error. */
  readonly cause: { readonly setting: string; readonly remedy: string };
}

/** Bounds of the search: a split that does not exist is given up after some seconds at most. */
const MAX_NUMBERS = 5_000_000;
const MAX_DRAWS = 10_000;

/**
 * Draws counts again and again until every client has `minSamples` rows, as in Li, Diao, Chen and He, "Federated learning
 * on non-IID data silos" (arXiv 2102.02079). Throws ConfigError where there are too few rows, or no draw gives that.
 */
export function drawCounts(
  { labels, numClients, seed }: SplitInput,
  { name, minSamples, drawLength, cause }: DrawnSplit,
  draw: (stream: RandomStream) => Counts,
): Counts {
  if (numClients * minSamples > labels.length) {
    throw new ConfigError(
      'ERR_MIN_SAMPLES',
      `\`n_workers\` ${numClients} and \`min_samples\` ${minSamples} ask for ${numClients * minSamples} training rows, ` +
        `but there are ${labels.length}. Lower one of them, or raise \`max_samples\`.`,
    );
  }
  const numDraws = Math.ceil(Math.min(MAX_DRAWS, MAX_NUMBERS / drawLength));
  let best = 0;
  for (let at = 0; at < numDraws; at++) {
    const counts = draw(randomStream(seed, 'partition', name, 'counts', at));
    const smallest = smallestShard(counts, numClients);
    if (smallest >= minSamples) return counts;
    best = Math.max(best, smallest);
  }
  throw new ConfigError(
    'ERR_MIN_SAMPLES',
    `\`data_split\` ${name} with ${cause.setting} gave none of ${numDraws} draws in which each of the ${numClients} clients ` +
      `(\`n_workers\`) has ${minSamples} rows (\`min_samples\`): in the best one a client had ${best}. ` +
      `${cause.remedy}, or lower \`min_samples\` or \`n_workers\`.`,
  );
}

function smallestShard(counts: Counts, numClients: number): number {
  let smallest = Infinity;
  for (let client = 0; client < numClients; client++)
    smallest = Math.min(
      smallest,
      counts.reduce((sum, count_C) => sum + count_C[client], 0),
    );
  return smallest;
}

/** Deals the rows of every group in random order, so many to each client; each shard is ascending. */
export function dealRows(
  { labels, numClients, seed }: SplitInput,
  name: string,
  groups: readonly Shard[],
  counts: Counts,
): readonly Shard[] {
  const nobody = numClients;
  const clients_N = new Uint32Array(labels.length).fill(nobody);
  for (const [group, rows] of groups.entries()) {
    const shuffled = inRandomOrder(rows, randomStream(seed, 'partition', name, 'rows', group));
    let dealt = 0;
    for (const [client, count] of counts[group].entries()) {
      for (const row of shuffled.subarray(dealt, dealt + count)) clients_N[row] = client;
      dealt += count;
    }
  }
  return groupRows(clients_N, numClients);
}
