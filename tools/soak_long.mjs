// Long and large runs; run by `make soak-long`:
// - 20,000 steps of a tiny model: heap, external and resident memory grow by less than 3% after the first 2,000;
// - 200 clients on 2 threads; 2,000 clients with few rows each, whose first batch comes within 20 s.
//   node tools/soak_long.mjs [STEPS] [ENGINE]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { train } from '../dist/api.js';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const NUM_STEPS = Number(process.argv[2] ?? 20_000);
const WARM_UP_STEPS = NUM_STEPS / 10;
const MAX_GROWTH = 0.03;
const MAX_START_S = 20;
/** Each client's only visit ends with a test on all test rows, so a few visits are enough to see. */
const MANY_CLIENT_STEPS = 60;
const engine = process.argv[3] ?? 'auto';
const output_dir = mkdtempSync(join(tmpdir(), 'bloom-split-long-'));
const common = {
  engine,
  output_dir,
  forgetting: 'off',
  plots: false,
  log_level: 'warn',
  checkpoint_min_s: 1,
  checkpoint_every: 200,
};
let isGood = true;

// One row a batch, many short visits: the parts that could leak come as often as they can.
const usage = [];
let steps = 0;
const long = { n_workers: 4, n_threads: 2, batch_size: 1, max_samples: 80, n_epochs: NUM_STEPS / 80 };
for await (const { type } of train({ ...common, ...long })) {
  if (type !== 'step' || ++steps % (NUM_STEPS / 100) !== 0) continue;
  // The second waits for what the first one frees in the background.
  gc();
  gc();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  usage.push({ steps, heap: heapUsed, external: external + arrayBuffers, rss });
}
for (const what of ['heap', 'external', 'rss']) {
  const values = usage.filter((each) => each.steps >= WARM_UP_STEPS).map((each) => each[what]);
  // Means of a tenth at each end: single values depend on the moment.
  const mean = (some) => some.reduce((sum, value) => sum + value, 0) / some.length;
  const [first, last] = [mean(values.slice(0, 10)), mean(values.slice(-10))];
  const growth = last / first - 1;
  check(
    growth < MAX_GROWTH,
    `${steps} steps: ${what} ${mb(first)} MB, then ${mb(last)} MB (${(100 * growth).toFixed(1)}%, below 3%)`,
  );
}

for (const [n_workers, rows] of [
  [200, 4000],
  [2000, 8000],
]) {
  const startMs = performance.now();
  let firstBatchS;
  const run = train({
    ...common,
    n_workers,
    n_threads: 2,
    max_clients: n_workers,
    max_samples: rows,
    batch_size: 4,
    max_steps: MANY_CLIENT_STEPS,
    n_epochs: 1,
  });
  for await (const { type } of run) if (type === 'step') firstBatchS ??= (performance.now() - startMs) / 1000;
  const wallS = (performance.now() - startMs) / 1000;
  check(
    firstBatchS < MAX_START_S,
    `${n_workers} clients on 2 threads: first batch after ${firstBatchS.toFixed(1)} s (below ${MAX_START_S}), ` +
      `${MANY_CLIENT_STEPS} batches in ${wallS.toFixed(0)} s, resident ${mb(process.memoryUsage().rss)} MB`,
  );
}
rmSync(output_dir, { recursive: true });
process.exitCode = isGood ? 0 : 1;

function check(holds, text) {
  isGood &&= holds;
  console.log(`${holds ? 'ok' : 'FAILED'}: ${text}`);
}

function mb(bytes) {
  return (bytes / 2 ** 20).toFixed(1);
}
