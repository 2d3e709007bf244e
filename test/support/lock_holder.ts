import { writeSync } from 'node:fs';
import { lockRun } from '../../src/report/run_lock.js';

/** A process of its own that takes a lock when it is told to, says whether it could, and holds it until its input ends. */
const [path] = process.argv.slice(2);
process.stdin.once('data', () => {
  void lockRun(path).then(
    () => writeSync(1, 'locked\n'),
    (error: unknown) => {
      writeSync(1, `refused: ${String(error)}\n`);
    },
  );
});
process.stdin.resume();
writeSync(1, 'ready\n');
