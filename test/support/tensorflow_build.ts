// Builds as `bloom-split tensorflow` does, in folders that the test made, and with an addon that is only looked at.
import { readFile } from 'node:fs/promises';
import { messageOf } from '../../src/core/errors.js';
import { buildNative, type NativeBuild } from '../../src/engine/tensorflow/native/build.js';

/** What the test gives, as JSON. */
export type BuildOrder = Omit<NativeBuild, 'test' | 'say'>;

const order = JSON.parse(process.argv[2]) as BuildOrder;
try {
  const tested = await buildNative({
    ...order,
    async test(addon) {
      const text = await readFile(addon, 'utf8');
      if (text.includes('does not load')) throw new Error('The addon was built, but does not work.');
      return { devices: [], tried: [], log: text };
    },
    say(line) {
      console.log(line);
    },
  });
  console.log(tested ? 'built' : 'built already');
} catch (error) {
  console.error(`error: ${messageOf(error)}`);
  process.exitCode = 1;
}
