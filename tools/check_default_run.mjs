// Checks the summary of a default run: final test accuracy and peak memory. Run by `make soak`.
import { readFileSync } from 'node:fs';

const { accuracy, peak_memory_mb: memory } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const isGood = accuracy >= 0.985 && memory < 700;
console.log(
  `${isGood ? 'ok' : 'FAILED'}: accuracy ${accuracy} (at least 0.985), peak memory ${memory.toFixed(0)} MB (below 700)`,
);
process.exitCode = isGood ? 0 : 1;
