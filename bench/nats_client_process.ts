import { MessageChannel, Worker } from 'node:worker_threads';
import { tuneForFrames } from '../src/cli/hosts/memory.js';
import { connectNats } from '../src/link/nats/connection.js';
import { linkHandler } from '../src/link/nats/nats_link.js';
import { serveCalls } from '../src/link/nats/responder.js';
import { subjectsOf } from '../src/link/nats/subjects.js';
import { connectThread } from '../src/link/thread.js';

/** A client on another host, as far as the way to it goes: its main thread passes requests on to a worker thread that echoes. */
const [url, run, client] = process.argv.slice(2);
tuneForFrames();
const { port1, port2 } = new MessageChannel();
const file = new URL('../test/support/link_echo_thread.js', import.meta.url);
const worker = new Worker(file, { workerData: { port: port2 }, transferList: [port2] });
const thread = connectThread<object>(port1, {
  place: 0,
  side: 'thread 0',
  timeoutMs: 60_000,
  servedBy: () => undefined,
});
await thread.start({});
const connection = await connectNats({
  servers: [url],
  seed: undefined,
  tls: undefined,
  name: 'client',
  onStatus: ({ type }) => {
    if (type !== 'ended') throw new Error(`the connection: ${type}`);
  },
});
const paths = { toPath: (name: string) => name };
serveCalls(connection, subjectsOf(run).call(Number(client)), linkHandler(thread.openLink(0), paths));
await connection.flush();
process.send?.('ready');
process.once('disconnect', () => {
  void connection.close().then(() => worker.terminate());
});
