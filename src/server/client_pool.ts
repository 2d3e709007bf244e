import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Shard } from '../data/splits/data_split.js';
import type { Link } from '../link/link.js';
import { threadOf, type ThreadSetup } from '../link/setup.js';
import { openThreadPool } from './thread_pool.js';

/** What a thread is told besides its clients and its place among the threads. */
export type CommonSetup = Omit<ThreadSetup, 'thread' | 'threads' | 'peers' | 'clients' | 'served'>;

export interface PoolOptions {
  readonly numThreads: number;
  /** The compiled file whose `hostClients` a thread runs. */
  readonly threadFile: string;
  /** Wall time after which a call is given up. */
  readonly callTimeoutMs: number;
}

/** The clients, on worker threads of one pool. */
export interface ClientPool {
  /** By client number. */
  readonly links: readonly Link[];
  /** Ends all threads; a second call waits for the same end. */
  close(): Promise<void>;
}

/** Starts the threads and gives each its clients. */
export async function startClientPool(
  setupOf: (thread: number) => CommonSetup,
  shards: readonly Shard[],
  options: PoolOptions,
): Promise<ClientPool> {
  const { numThreads } = options;
  const peers = connectPeers(numThreads);
  const served = new Int32Array(new SharedArrayBuffer(4 * numThreads)).fill(-1);
  const threads = [...shards.keys()].map((client) => threadOf(client, numThreads));
  const clientsOf = (thread: number) => [...shards.keys()].filter((client) => threads[client] === thread);
  const pool = openThreadPool<ThreadSetup>({
    ...options,
    taskName: 'hostClients',
    sideOf: (thread) => {
      const clients = clientsOf(thread);
      return `thread ${thread} (${clients.length === 1 ? 'client' : 'clients'} ${clients.join(', ')})`;
    },
    servedBy: (thread) => {
      const client = Atomics.load(served, thread);
      return client < 0 ? undefined : client;
    },
  });
  await pool.start((thread) => ({
    ...setupOf(thread),
    threads,
    thread,
    served,
    peers: peers[thread],
    clients: clientsOf(thread).map((client) => ({ client, shard: shards[client] })),
  }));
  const links = threads.map((thread, client) => pool.connections[thread].openLink(client));
  return { links, close: () => pool.close() };
}

/** A channel for each pair of threads: by thread, its port to every other one. */
function connectPeers(numThreads: number): readonly Map<number, MessagePort>[] {
  const peers = Array.from({ length: numThreads }, () => new Map<number, MessagePort>());
  for (let a = 0; a < numThreads; a++) {
    for (let b = a + 1; b < numThreads; b++) {
      const { port1, port2 } = new MessageChannel();
      peers[a].set(b, port1);
      peers[b].set(a, port2);
    }
  }
  return peers;
}
