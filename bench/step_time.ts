import { loadEngine, type EngineName } from '../src/engine/registry.js';
import { findAddon } from '../src/engine/tensorflow/addon.js';
import { femnistCnn } from '../src/models/femnist_cnn.js';
import { lenet } from '../src/models/lenet.js';
import type { Network } from '../src/models/network.js';
import { compileHalves, directStep, patternBatch } from './halves.js';
import { summarise, type Measurement } from './stats.js';
import { openTfjs } from './tfjs_unsplit.js';

const NUM_BLOCKS = 20;
/** Batches of a block, by batch size: each block is long enough to be timed. */
const STEPS_PER_BLOCK: Readonly<Record<number, number>> = { 32: 10, 256: 2 };

/** Something that trains a step. */
interface Contender {
  readonly name: string;
  step(): unknown;
}

/**
 * Milliseconds of a step, both halves in one thread, no link, on one thread of the processor: each engine, and tfjs on the
 * unsplit network. They take turns, block by block, so that a ratio of two is of the same moments.
 */
export async function* stepTime(): AsyncGenerator<Measurement> {
  const networks: readonly (readonly [Network, number])[] = [
    [lenet({ picture: [3, 32, 32], numClasses: 10 }), 10],
    [femnistCnn({ picture: [1, 28, 28], numClasses: 62 }), 62],
  ];
  for (const [network, numClasses] of networks)
    for (const batchSize of [32, 256]) {
      const contenders = await contendersFor(network, batchSize, numClasses);
      const times = await takeTurns(contenders, STEPS_PER_BLOCK[batchSize]);
      const subject = `${network.model}, batch ${batchSize}`;
      for (const [index, { name }] of contenders.entries())
        yield summarise(`${subject}: ${name}`, times[index], 'ms');
      if (contenders.length < 3) continue;
      const ratios = times[1].map((time, block) => time / times[2][block]);
      yield summarise(`${subject}: tensorflow split / tfjs unsplit (at most 1)`, ratios, 'x');
    }
}

async function contendersFor(
  network: Network,
  batchSize: number,
  numClasses: number,
): Promise<readonly Contender[]> {
  const { x, labels } = patternBatch(network, batchSize, numClasses);
  const split = async (engine: EngineName): Promise<Contender> => {
    const halves = await compileHalves(network, await loadEngine(engine));
    return { name: `split step, ${engine}`, step: () => directStep(halves, x, labels) };
  };
  if (findAddon() === undefined) return [await split('onnxruntime')];
  const contenders = [await split('onnxruntime'), await split('tensorflow')];
  const tfjs = openTfjs(network, numClasses);
  return [...contenders, { name: 'unsplit step, tfjs', step: () => void tfjs(x.data, labels) }];
}

/** Milliseconds a step in each block, by contender. */
async function takeTurns(contenders: readonly Contender[], numSteps: number): Promise<readonly number[][]> {
  const times = contenders.map((): number[] => []);
  for (let block = 0; block <= NUM_BLOCKS; block++) {
    for (const [index, contender] of contenders.entries()) {
      const start = performance.now();
      for (let step = 0; step < numSteps; step++) await contender.step();
      if (block > 0) times[index].push((performance.now() - start) / numSteps); // the first one warms up
    }
  }
  return times;
}
