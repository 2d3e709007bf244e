import { loadEngine } from '../../src/engine/registry.js';
import { splitTrainer } from './tensorflow_job.js';

/** Prints the resident memory in MB after 500 steps and after 2,000 more; run with --expose-gc. */
const train = await splitTrainer(await loadEngine('tensorflow'));
const residentMb = () => {
  gc?.();
  return process.memoryUsage().rss / 2 ** 20;
};
await train(500);
const before = residentMb();
await train(2000);
process.stdout.write(JSON.stringify([before, residentMb()]));
