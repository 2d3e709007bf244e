import { fileURLToPath } from 'node:url';
import { SetupError } from '../../../core/errors.js';
import { lastLines, runTool } from './tool.js';

export interface TestedDevice {
  /** TensorFlow's name, as in `/job:localhost/replica:0/task:0/device:GPU:0`. */
  readonly name: string;
  /** How much TensorFlow may use; a nominal figure for a CPU. */
  readonly memoryBytes: number;
}

export interface SelfTest {
  readonly devices: readonly TestedDevice[];
  /** On which of them, each in its own thread, a product was computed. */
  readonly tried: readonly string[];
  /** What TensorFlow itself had to say. */
  readonly log: string;
}

/**
 * Loads the addon in a process of its own, which it may abort, multiplies matrices in several threads at once, each on its own device,
 * and sees that every tensor lies where its thread computes. Throws SetupError.
 */
export async function testAddon(addon: string): Promise<SelfTest> {
  const script = fileURLToPath(new URL('self_test_process.js', import.meta.url));
  const outcome = await runTool(process.execPath, [script, addon]);
  if (!outcome?.isSuccess) {
    throw new SetupError(
      'ERR_TENSORFLOW_SELF_TEST',
      `The addon was built, but does not work (${outcome?.end ?? 'Node.js has gone'}; SIGILL would mean a processor without AVX). ` +
        `Please report it with these lines:${outcome ? lastLines(outcome) : ''}`,
    );
  }
  return { ...(JSON.parse(outcome.stdout) as Omit<SelfTest, 'log'>), log: outcome.stderr };
}
