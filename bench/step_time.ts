import { femnistCnn } from '../src/models/femnist_cnn.js';
import { lenet } from '../src/models/lenet.js';
import type { Network } from '../src/models/network.js';
import { compileHalves, directStep, patternBatch } from './halves.js';
import { summarise, type Measurement } from './stats.js';

const WARM_UP = 20;

/** Milliseconds of a split step, both halves in one thread, no link. */
export async function* stepTime(): AsyncGenerator<Measurement> {
  const networks: readonly (readonly [Network, number])[] = [
    [lenet({ picture: [3, 32, 32], numClasses: 10 }), 10],
    [femnistCnn({ picture: [1, 28, 28], numClasses: 62 }), 62],
  ];
  for (const [network, numClasses] of networks) {
    const halves = await compileHalves(network);
    for (const batchSize of [32, 256]) {
      const { x, labels } = patternBatch(network, batchSize, numClasses);
      const times: number[] = [];
      const numSteps = batchSize === 32 ? 200 : 40;
      for (let step = 0; step < WARM_UP + numSteps; step++) {
        const start = performance.now();
        await directStep(halves, x, labels);
        if (step >= WARM_UP) times.push(performance.now() - start);
      }
      yield summarise(`${network.model}, batch ${batchSize}: split step in one thread`, times, 'ms');
    }
  }
}
