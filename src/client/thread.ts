import type { MessagePort } from 'node:worker_threads';
import { ProtocolError } from '../core/errors.js';
import type { Program } from '../engine/engine.js';
import { loadEngine } from '../engine/registry.js';
import { HeadExchange } from '../link/head_exchange.js';
import type { ClientService } from '../link/messages.js';
import { threadOf, type ClientSetup, type ThreadSetup } from '../link/setup.js';
import { serveThread, type ThreadService } from '../link/thread.js';
import { Client } from './client.js';
import { FaultyClient } from './faulty_client.js';

/** The one task of a worker thread: host its clients until the server says stop. */
export async function hostClients({ port }: { port: MessagePort }): Promise<void> {
  await serveThread(port, new ClientHost());
}

class ClientHost implements ThreadService<ThreadSetup> {
  readonly #clients = new Map<number, Client>();
  #program: Program | undefined;
  #exchange: HeadExchange | undefined;

  /** Compiles the head once for all clients of the thread. */
  async start(setup: ThreadSetup): Promise<void> {
    const engine = await loadEngine(setup.engine);
    this.#program = await engine.compile(setup.head);
    this.#exchange = new HeadExchange(
      setup.thread,
      (client) => threadOf(client, setup.numThreads),
      setup.peers,
    );
    for (const { client, shard } of setup.clients)
      this.#clients.set(client, hosted({ client, shard }, setup, this.#program, this.#exchange));
  }

  client(client: number): ClientService {
    const found = this.#clients.get(client);
    if (!found) throw new ProtocolError('ERR_NO_CLIENT', `Client ${client} does not live in this thread.`);
    return found;
  }

  async stop(): Promise<void> {
    this.#exchange?.close();
    await this.#program?.dispose();
  }
}

/** A client with the faults that the run asks for; most have none. */
function hosted(
  { client, shard }: ClientSetup,
  setup: ThreadSetup,
  program: Program,
  exchange: HeadExchange,
): Client {
  return setup.faults.some((fault) => fault.client === client)
    ? new FaultyClient({ client, shard }, setup, program, exchange)
    : new Client(client, shard, setup, program, exchange);
}
