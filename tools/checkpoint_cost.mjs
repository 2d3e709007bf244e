// What a checkpoint costs: the same short training with one after every batch and with none, by turns; medians.
//   node tools/checkpoint_cost.mjs [ROUNDS]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { train } from '../dist/api.js';

const numRounds = Number(process.argv[2] ?? 5);
const output_dir = mkdtempSync(join(tmpdir(), 'bloom-split-cost-'));
const common = {
  output_dir,
  max_samples: 3000,
  n_epochs: 1,
  forgetting: 'off',
  plots: false,
  log_level: 'warn',
};
const secondsWith = { every: [], none: [] };
let numSteps;
for (let round = 0; round < numRounds; round++) {
  secondsWith.every.push(await seconds({ checkpoint_every: 1, checkpoint_min_s: 0 }));
  secondsWith.none.push(await seconds({ checkpoint_min_s: 100_000 }));
}
rmSync(output_dir, { recursive: true });
const costMs = (1000 * (median(secondsWith.every) - median(secondsWith.none))) / numSteps;
console.log(
  `${numSteps} batches: ${median(secondsWith.every).toFixed(2)} s with a checkpoint after each, ` +
    `${median(secondsWith.none).toFixed(2)} s with none: ${costMs.toFixed(1)} ms a checkpoint, ` +
    `${(costMs / 50).toFixed(2)}% of a run that takes one every 5 s`,
);

/** From the first batch to the last. */
async function seconds(checkpoints) {
  const run = train({ ...common, ...checkpoints });
  const times = [];
  for await (const { type } of run) if (type === 'step') times.push(performance.now());
  numSteps = times.length;
  return (times.at(-1) - times[0]) / 1000;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
