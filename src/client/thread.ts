import type { MessagePort } from 'node:worker_threads';
import { ProtocolError } from '../core/errors.js';
import type { Shard } from '../data/splits/data_split.js';
import type { Program } from '../engine/engine.js';
import { loadEngine } from '../engine/registry.js';
import { HeadExchange } from '../link/head_exchange.js';
import type { ThreadSetup } from '../link/setup.js';
import { serveThread, type ThreadService } from '../link/thread.js';
import { Client, type ClientSurroundings } from './client.js';
import { ComputeQueue } from './compute_queue.js';
import { FaultyClient } from './faulty_client.js';

/** The one task of a worker thread: host its clients until the server says stop. */
export async function hostClients({ port }: { port: MessagePort }): Promise<void> {
  await serveThread(port, new ClientHost());
}

class ClientHost implements ThreadService<ThreadSetup> {
  readonly #clients = new Map<number, Client>();
  #programs: readonly Program[] = [];
  #exchange: HeadExchange | undefined;
  #setup: ThreadSetup | undefined;

  /** Compiles once for all clients of the thread. */
  async start(setup: ThreadSetup): Promise<void> {
    const engine = await loadEngine(setup.engine);
    this.#programs = await Promise.all(setup.segments.map((spec) => engine.compile(spec)));
    const exchange = new HeadExchange(setup.thread, (client) => setup.threads[client], setup.peers);
    this.#exchange = exchange;
    this.#setup = setup;
    const around = {
      setup,
      programs: this.#programs,
      exchange,
      queue: new ComputeQueue(),
      serving: (client: number) => {
        this.#serving(client);
      },
      neighbour: (client: number) => this.#hosted(client),
    };
    for (const { client, shard } of setup.clients) this.#clients.set(client, hosted(client, shard, around));
  }

  target(client: number): Client {
    const found = this.#hosted(client);
    this.#serving(client);
    return found;
  }

  #serving(client: number): void {
    if (this.#setup) Atomics.store(this.#setup.served, this.#setup.thread, client);
  }

  #hosted(client: number): Client {
    const found = this.#clients.get(client);
    if (!found) throw new ProtocolError('ERR_NO_CLIENT', `Client ${client} does not live in this thread.`);
    return found;
  }

  async stop(): Promise<void> {
    this.#exchange?.close();
    for (const program of this.#programs) await program.dispose();
  }
}

/** A client with the faults that the run asks for; most have none. */
function hosted(client: number, shard: Shard, around: ClientSurroundings): Client {
  return around.setup.faults.some((fault) => fault.client === client)
    ? new FaultyClient(client, shard, around)
    : new Client(client, shard, around);
}
