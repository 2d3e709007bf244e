import { availableParallelism } from 'node:os';
import type { DataShape } from '../src/core/shapes.js';
import { loadEngine } from '../src/engine/registry.js';
import { femnistCnn } from '../src/models/femnist_cnn.js';
import { lenet } from '../src/models/lenet.js';
import type { Network } from '../src/models/network.js';
import { schemes } from '../src/server/schemes/registry.js';
import type { Scheme } from '../src/server/schemes/scheme.js';
import { compileHalves, directStep, patternBatch, type Halves } from './halves.js';
import { normalDataset } from './normal_dataset.js';
import { summarise, type Measurement } from './stats.js';
import type { Row } from './table.js';
import { openTraining, type Training } from './training.js';
import { plainCompute } from '../src/engine/engine.js';

const BATCH_SIZE = 32;
const NUM_BLOCKS = 8;
const TARGET = 0.85;
const numCores = availableParallelism();
/** Two a core, so that a core has another client's batch while one waits for its tail. */
const numClients = 2 * numCores;

interface Subject {
  readonly build: (shape: DataShape) => Network;
  readonly shape: DataShape;
  /** Of every client, in a block. */
  readonly numSteps: number;
}

const subjects: readonly Subject[] = [
  { build: lenet, shape: { picture: [3, 32, 32], numClasses: 10 }, numSteps: 40 },
  { build: femnistCnn, shape: { picture: [1, 28, 28], numClasses: 62 }, numSteps: 20 },
];
const measured = ['sequential', 'parallel', 'splitfed_v1', 'splitfed_v2'] as const;

/**
 * Images a second of each scheme on all cores that this process may use (`taskset -c 0,1` for two), against what the halves
 * allow: with H and T the times of a batch's head and tail on one core, cores / (H + T), and at most 1 / T through one tail.
 * Everything takes turns, block by block. In a ring no two clients train at once, so that it has no target.
 */
export async function* schemeSpeed(): AsyncGenerator<Measurement | Row> {
  for (const subject of subjects) yield* compareSchemes(subject);
}

async function* compareSchemes({ build, shape, numSteps }: Subject): AsyncGenerator<Measurement | Row> {
  const network = build(shape);
  const dataset = normalDataset(shape, numClients * numSteps * BATCH_SIZE, 1);
  const job = {
    network,
    dataset,
    batchSize: BATCH_SIZE,
    numClients,
    numThreads: numCores,
    compute: plainCompute,
  };
  const trainings: Training[] = [];
  try {
    for (const name of measured) trainings.push(await openTraining({ ...job, scheme: schemes[name] }));
    const halves = await compileHalves(network, await loadEngine('onnxruntime'));
    const batch = patternBatch(network, BATCH_SIZE, shape.numClasses);
    const times: HalfTimes[] = [];
    const reached = measured.map((): number[] => []);
    for (let block = 0; block <= NUM_BLOCKS; block++) {
      const alone = await timeHalves(halves, batch, numSteps);
      const passes: number[] = [];
      for (const training of trainings) passes.push(await training.pass());
      if (block === 0) continue; // warming up
      times.push(alone);
      for (const [index, ms] of passes.entries()) reached[index].push(imagesPerSecond(ms));
    }
    yield* report(`${network.model}, batch ${BATCH_SIZE}, ${numCores} cores`, times, reached);
  } finally {
    for (const training of trainings) await training.close();
  }
}

/** Milliseconds of a batch. */
interface HalfTimes {
  readonly headMs: number;
  readonly tailMs: number;
}

async function timeHalves(
  halves: Halves,
  { x, labels }: ReturnType<typeof patternBatch>,
  numSteps: number,
): Promise<HalfTimes> {
  const sum = { headMs: 0, tailMs: 0 };
  for (let step = 0; step < numSteps; step++) {
    const { headMs, tailMs } = await directStep(halves, x, labels);
    sum.headMs += headMs;
    sum.tailMs += tailMs;
  }
  return { headMs: sum.headMs / numSteps, tailMs: sum.tailMs / numSteps };
}

function* report(
  subject: string,
  times: readonly HalfTimes[],
  reached: readonly (readonly number[])[],
): Generator<Measurement | Row> {
  const heads = times.map(({ headMs }) => headMs);
  const tails = times.map(({ tailMs }) => tailMs);
  yield summarise(`${subject}: H, the head alone`, heads, 'ms');
  yield summarise(`${subject}: T, the tail alone`, tails, 'ms');
  for (const [index, name] of measured.entries()) {
    const scheme: Scheme = schemes[name];
    const bounds = times.map((each) => boundOf(scheme, each));
    yield summarise(`${subject}: ${name}, bound`, bounds, 'images/s');
    yield summarise(`${subject}: ${name}, reached`, reached[index], 'images/s');
    const ratios = reached[index].map((speed, block) => speed / bounds[block]);
    const ratio = summarise(`${subject}: ${name}, reached / bound`, ratios, 'x');
    const isReached = (median: number) => median >= TARGET;
    yield scheme.turns === 'one_by_one' ? ratio : { ...ratio, target: String(TARGET), isReached };
  }
}

function boundOf({ tails }: Scheme, { headMs, tailMs }: HalfTimes): number {
  const byCores = (headMs + tailMs) / numCores;
  return imagesPerSecond(tails === 'one' ? Math.max(byCores, tailMs) : byCores);
}

function imagesPerSecond(msPerBatch: number): number {
  return (BATCH_SIZE * 1000) / msPerBatch;
}
