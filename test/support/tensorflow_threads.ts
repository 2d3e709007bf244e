import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { HeadJob, HeadReport } from './tensorflow_head_thread.js';

/**
 * ConfigProto in hexadecimal: device_count (field 1) {"CPU": 4}, intra_ and inter_op_parallelism_threads (2, 5) 1,
 * allow_soft_placement (7). Four devices on one processor, /device:CPU:0 to 3.
 */
export const FOUR_PROCESSORS = '0a070a034350551004' + '1001' + '2801' + '3801';

/** Runs a job in a worker thread in which TensorFlow makes four devices of the processor; resolves when it has ended. */
export async function runHeadThread(job: HeadJob): Promise<HeadReport> {
  const env = { ...process.env, TFJS_NODE_CONFIG_PROTO: FOUR_PROCESSORS };
  const worker = new Worker(new URL('./tensorflow_head_thread.js', import.meta.url), {
    workerData: job,
    env,
  });
  const ended = once(worker, 'exit');
  const [report] = (await once(worker, 'message')) as [HeadReport];
  await ended;
  return report;
}
