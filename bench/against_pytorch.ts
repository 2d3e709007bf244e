import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plainCompute, type ComputeOptions } from '../src/engine/engine.js';
import { Contender, takeTurns, type StepJob } from './contender.js';
import { summarise, type Measurement } from './stats.js';
import type { Row } from './table.js';

const NUM_BLOCKS = 12;
const lenet32: StepJob = { model: 'lenet', batchSize: 32, numSteps: 60 };
const femnist32: StepJob = { model: 'femnist_cnn', batchSize: 32, numSteps: 20 };

/** What is tried on two cores beside whole batches on one thread a side. */
const variants: Readonly<Record<string, ComputeOptions>> = {
  ', intra_op_threads 2': { ...plainCompute, intraOpThreads: 2 },
  ', micro_batches 2': { ...plainCompute, microBatches: 2 },
};

/** Target and stretch: how many times as fast as PyTorch on as many cores. */
const onTwoCores: readonly (readonly [StepJob, number, number])[] = [
  [lenet32, 1.4, 1.7],
  [femnist32, 1.35, 1.8],
  [{ model: 'lenet', batchSize: 256, numSteps: 8 }, 1, 1.3],
  [{ model: 'femnist_cnn', batchSize: 256, numSteps: 3 }, 1.35, 2],
];
const onOneCore: readonly (readonly [StepJob, number, number])[] = [
  [lenet32, 1.3, 1.6],
  [femnist32, 1.5, 2],
];

/** Where PyTorch's loops and a Python with torch are. */
export interface Peer {
  /** Folder of `torch_loops.py`. */
  readonly folder: string;
  readonly python: string;
}

/**
 * A split step with everything (rows to batch, link, both optimisers) and PyTorch's loop of the same step, block by block in
 * turn. Without a peer: our times alone.
 */
export async function* againstPytorch(peer: Peer | undefined): AsyncGenerator<Measurement | Row> {
  yield* compare('2 cores', [], onTwoCores, peer, 2);
  yield* compare('1 core', ['taskset', '-c', '0'], onOneCore, peer, 1);
}

async function* compare(
  cores: string,
  binding: readonly string[],
  jobs: readonly (readonly [StepJob, number, number])[],
  peer: Peer | undefined,
  numThreads: number,
): AsyncGenerator<Measurement | Row> {
  const start = (...command: readonly string[]) => {
    const [program, ...args] = [...binding, ...command];
    return Contender.start(program, ...args);
  };
  const openRing = (compute: ComputeOptions) =>
    start(process.execPath, here('ring_process.js'), JSON.stringify(compute));
  const rings = [{ name: '', contender: await openRing(plainCompute) }];
  for (const [name, compute] of numThreads > 1 ? Object.entries(variants) : [])
    rings.push({ name, contender: await openRing(compute) });
  const theirs = peer && (await start(peer.python, pytorchProcess(), peer.folder, String(numThreads)));
  try {
    for (const [job, target, stretch] of jobs) {
      const subject = `${job.model}, batch ${job.batchSize}, ${cores}`;
      const own = rings.map(({ contender }) => contender);
      const times = await takeTurns(theirs ? [...own, theirs] : own, job, NUM_BLOCKS);
      for (const [index, { name }] of rings.entries())
        yield summarise(`${subject}${name}: split step with everything`, times[index], 'ms');
      if (!theirs) continue;
      const other = times[rings.length];
      yield summarise(`${subject}: PyTorch ${theirs.greeting.split(' ')[1]}`, other, 'ms');
      for (const [index, { name }] of rings.entries()) {
        const ratios = times[index].map((time, block) => other[block] / time);
        yield {
          ...summarise(`${subject}${name}: times as fast`, ratios, 'x'),
          target: `${target}; ${stretch}`,
          isReached: (median) => median >= target,
        };
      }
    }
  } finally {
    for (const { contender } of rings) contender.close();
    theirs?.close();
  }
}

function here(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

/** Python is not compiled: it stands in the sources. */
function pytorchProcess(): string {
  return here('../../bench/torch_process.py');
}

/** From the folder that the user gave; undefined where none was. Throws where it holds no loops. */
export function peerIn(folder: string | undefined, python: string): Peer | undefined {
  if (folder === undefined) return undefined;
  if (!existsSync(join(folder, 'torch_loops.py')))
    throw new Error(
      `PEER is "${folder}", but there is no torch_loops.py in it. Name the folder that has it.`,
    );
  return { folder, python };
}
