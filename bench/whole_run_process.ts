import { train } from '../src/api.js';

/** Trains the run that issue "Faster than PyTorch" asks for, and prints what it took as a line of JSON. */
const [dataDir, outputDir] = process.argv.slice(2);
const run = train({
  dataset: 'cifar10',
  data_dir: dataDir,
  output_dir: outputDir,
  model: 'lenet',
  n_workers: 4,
  n_epochs: 5,
  batch_size: 32,
  data_split: 'iid',
  forgetting: 'off',
  plots: false,
  log_level: 'warn',
});
const handOverMs: number[] = [];
const testMs: number[] = [];
let firstBatchS: number | undefined;
let lastMs = 0;
let next = await run.next();
while (!next.done) {
  const { type } = next.value;
  const now = performance.now(); // 0 is when the process started
  if (type === 'step') firstBatchS ??= now / 1000;
  if (type === 'hand_over') handOverMs.push(now - lastMs);
  if (type === 'evaluation') testMs.push(now - lastMs);
  lastMs = now;
  next = await run.next();
}
const { samples_per_second: imagesPerSecond, wall_seconds: wallS } = next.value;
process.stdout.write(`${JSON.stringify({ firstBatchS, imagesPerSecond, wallS, handOverMs, testMs })}\n`);
