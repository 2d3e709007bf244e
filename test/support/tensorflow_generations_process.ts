import { openHead, trainHead } from './tensorflow_job.js';
import { runHeadThread } from './tensorflow_threads.js';
import { loadEngine } from '../../src/engine/registry.js';

/** Three generations of four threads, while this thread trains too. Prints what it did; the process must end by itself. */
const head = await openHead(await loadEngine('tensorflow'), 'cpu');
for (let generation = 0; generation < 3; generation++) {
  const jobs = [0, 1, 2, 3].map((thread) =>
    runHeadThread({ device: `cpu:${thread}`, state: undefined, firstStep: 0, numSteps: 3 }),
  );
  await trainHead(head, 3 * generation, 3);
  const devices = (await Promise.all(jobs)).flatMap((report) => report.devices);
  process.stdout.write(`${devices.map((name) => name.at(-1)).join('')}\n`);
}
