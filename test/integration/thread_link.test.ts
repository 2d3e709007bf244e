import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { connectThread } from '../../src/link/thread.js';
import { describeLink, ECHO_CLIENT, type OpenedLink } from '../contract/link_suite.js';

describeLink('to a worker thread', async (timeoutMs): Promise<OpenedLink> => {
  const { port1, port2 } = new MessageChannel();
  const file = new URL('../support/link_echo_thread.js', import.meta.url);
  const worker = new Worker(file, { workerData: { port: port2 }, transferList: [port2] });
  const exited = once(worker, 'exit');
  // As the pool does: the end of the thread is told to its connection.
  const side = `thread 5 (client ${ECHO_CLIENT})`;
  const connection = connectThread<object>(port1, {
    place: 5,
    side,
    timeoutMs,
    servedBy: () => undefined,
  });
  worker.once('exit', (exitCode) => {
    connection.fail(new Error(`its thread exited with ${exitCode}`));
  });
  await once(worker, 'online');
  await connection.start({});
  return {
    link: connection.openLink(ECHO_CLIENT),
    place: 5,
    side,
    async die() {
      await worker.terminate();
      await exited;
    },
    async close() {
      await worker.terminate();
      connection.close();
    },
  };
});
