import { MessageChannel, Worker } from 'node:worker_threads';
import { tuneForFrames } from '../src/cli/hosts/memory.js';
import type { Link } from '../src/link/link.js';
import { connectThread } from '../src/link/thread.js';
import { hasNatsServer } from '../test/support/nats_server.js';
import { openNatsLinks, thereAndBack } from './nats_links.js';
import { summarise, type Measurement } from './stats.js';
import type { Row } from './table.js';

/** Frames of the default cuts at batch 32: activations up, gradients of the same shape down. */
const steps = [
  { subject: 'lenet, batch 32, 51 kB', shape: [32, 400], limitMs: 1.5 },
  { subject: 'femnist_cnn, batch 32, 803 kB', shape: [32, 6272], limitMs: 5 },
] as const;
const STEPS_PER_BLOCK = 50;
const NUM_BLOCKS = 21;

/**
 * What a step costs more where the client is another process behind a NATS server on this machine: blocks of frames there and back over
 * its link (which ends in a worker thread too), in turn with blocks over a worker thread of this process.
 */
export async function* natsCost(): AsyncGenerator<Measurement | Row> {
  if (!hasNatsServer) {
    process.stdout.write('NATS is left out: there is no nats-server on the PATH.\n');
    return;
  }
  tuneForFrames();
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const overThread = await openThread(closing);
    const [overNats] = await openNatsLinks(1, closing);
    for (const { subject, shape, limitMs } of steps) {
      const thread: number[] = [];
      const nats: number[] = [];
      for (let block = 0; block <= NUM_BLOCKS; block++) {
        const times = [await blockMs(overThread, shape), await blockMs(overNats, shape)];
        if (block === 0) continue; // warming up
        thread.push(times[0]);
        nats.push(times[1]);
      }
      yield summarise(`${subject}: there and back over a thread`, thread, 'ms');
      yield summarise(`${subject}: over NATS`, nats, 'ms');
      const more = nats.map((ms, block) => ms - thread[block]);
      yield {
        ...summarise(`${subject}: more over NATS`, more, 'ms'),
        target: `at most ${limitMs}`,
        isReached: (median) => median <= limitMs,
      };
    }
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function openThread(closing: (() => Promise<unknown>)[]): Promise<Link> {
  const { port1, port2 } = new MessageChannel();
  const file = new URL('../test/support/link_echo_thread.js', import.meta.url);
  const worker = new Worker(file, { workerData: { port: port2 }, transferList: [port2] });
  closing.push(() => worker.terminate());
  const connection = connectThread<object>(port1, {
    place: 0,
    side: 'thread 0',
    timeoutMs: 60_000,
    servedBy: () => undefined,
  });
  await connection.start({});
  return connection.openLink(0);
}

/** Milliseconds there and back. */
async function blockMs(link: Link, shape: readonly [number, number]): Promise<number> {
  const start = performance.now();
  await thereAndBack(link, shape, STEPS_PER_BLOCK);
  return (performance.now() - start) / STEPS_PER_BLOCK;
}
