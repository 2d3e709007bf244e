import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { collectAtOnce } from '../src/cli/hosts/collector.js';
import { CallGuard } from '../src/link/call_guard.js';
import type { Link } from '../src/link/link.js';
import { openCaller } from '../src/link/nats/caller.js';
import { connectNats } from '../src/link/nats/connection.js';
import { openNatsLink } from '../src/link/nats/nats_link.js';
import { newSession } from '../src/link/nats/session.js';
import { subjectsOf } from '../src/link/nats/subjects.js';
import { connectThread } from '../src/link/thread.js';
import { hasNatsServer, startNatsServer } from '../test/support/nats_server.js';
import { summarise, type Measurement } from './stats.js';
import type { Row } from './table.js';

/** Frames of the default cuts at batch 32: activations up, gradients of the same shape down. */
const steps = [
  { subject: 'lenet, batch 32, 51 kB', shape: [32, 400], limitMs: 1.5 },
  { subject: 'femnist_cnn, batch 32, 803 kB', shape: [32, 6272], limitMs: 5 },
] as const;
const STEPS_PER_BLOCK = 50;
const NUM_BLOCKS = 21;
const RUN = '0123456789abcdef';

/**
 * What a step costs more where the client is another process behind a NATS server on this machine: blocks of frames there and back over
 * its link (which ends in a worker thread too), in turn with blocks over a worker thread of this process.
 */
export async function* natsCost(): AsyncGenerator<Measurement | Row> {
  if (!hasNatsServer) {
    process.stdout.write('NATS is left out: there is no nats-server on the PATH.\n');
    return;
  }
  collectAtOnce();
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const overThread = await openThread(closing);
    const overNats = await openNats(closing);
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

async function openNats(closing: (() => Promise<unknown>)[]): Promise<Link> {
  const broker = await startNatsServer();
  closing.push(() => broker.close());
  const client = fork(fileURLToPath(new URL('nats_client_process.js', import.meta.url)), [broker.url, RUN]);
  closing.push(async () => {
    const exited = once(client, 'exit');
    client.disconnect();
    await exited;
  });
  await once(client, 'message');
  const connection = await connectNats({
    servers: [broker.url],
    seed: undefined,
    tls: undefined,
    name: 'server',
    onStatus: () => undefined,
  });
  closing.push(() => connection.close());
  const options = { ...subjectsOf(RUN).call(0), session: newSession(), retryMs: 2000 };
  const caller = openCaller(connection, options);
  closing.push(() => {
    caller.close();
    return Promise.resolve();
  });
  const paths = { toName: (path: string) => path };
  return openNatsLink({ client: 0, place: 0 }, caller, new CallGuard('client 0', 60_000), paths);
}

/** Milliseconds there and back; the buffer goes with the frame, and comes back in the reply. */
async function blockMs(link: Link, shape: readonly [number, number]): Promise<number> {
  let data = new Float32Array(shape[0] * shape[1]).fill(0.5).buffer;
  const start = performance.now();
  for (let step = 0; step < STEPS_PER_BLOCK; step++) {
    const reply = await link.backStep({ generation: 0, step, z: { shape, dtype: 'float32', data } });
    data = reply.dz.data;
  }
  return (performance.now() - start) / STEPS_PER_BLOCK;
}
