import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of all ArrayBuffers and Buffers that something still refers to. */
export async function bufferBytes(): Promise<number> {
  // The first run finds who refers to them, the next frees what the turn in between let go.
  for (let run = 0; run < 2; run++) {
    collect();
    await setImmediate();
  }
  return process.memoryUsage().arrayBuffers;
}
