import { setTimeout } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { messageOf, StuckThreadError } from '../core/errors.js';
import type { Link } from '../link/link.js';
import { threadOf, type ThreadSetup } from '../link/setup.js';
import { connectThread } from '../link/thread.js';
import type { Shard } from '../data/splits/data_split.js';

/** What a thread is told besides its clients and its place among the threads. */
export type CommonSetup = Omit<ThreadSetup, 'thread' | 'peers' | 'clients' | 'numThreads' | 'served'>;

export interface PoolOptions {
  readonly numThreads: number;
  /** The compiled file whose `hostClients` a thread runs. */
  readonly threadFile: string;
  /** Wall time after which a call is given up. */
  readonly callTimeoutMs: number;
}

/** JavaScript that hangs is ended at once; this is for what hangs below it. */
const END_TIMEOUT_MS = 5000;

/** The clients, on worker threads of one Piscina pool. */
export interface ClientPool {
  /** By client number. */
  readonly links: readonly Link[];
  /** Ends all threads; a second call waits for the same end. */
  close(): Promise<void>;
}

/**
 * Starts the threads and gives each its clients. Every thread runs one task as long as it lives, so that a task that ends
 * unasked is the news that its thread died (Piscina would quietly put a fresh thread, with empty heads, in its place).
 */
export async function startClientPool(
  setupOf: (thread: number) => CommonSetup,
  shards: readonly Shard[],
  { numThreads, threadFile, callTimeoutMs }: PoolOptions,
): Promise<ClientPool> {
  const piscina = new Piscina({
    filename: threadFile,
    name: 'hostClients',
    minThreads: numThreads,
    maxThreads: numThreads,
    // The default blocks an idle thread's event loop, and its port would never answer.
    atomics: 'disabled',
  });
  const peers = connectPeers(numThreads);
  const served = new Int32Array(new SharedArrayBuffer(4 * numThreads)).fill(-1);
  let closing: Promise<void> | undefined;
  const connections = peers.map((_, thread) => {
    const { port1, port2 } = new MessageChannel();
    const clients = [...shards.keys()].filter((client) => threadOf(client, numThreads) === thread);
    const side = `thread ${thread} (${clients.length === 1 ? 'client' : 'clients'} ${clients.join(', ')})`;
    const connection = connectThread<ThreadSetup>(port1, {
      place: thread,
      side,
      timeoutMs: callTimeoutMs,
      servedBy: () => {
        const client = Atomics.load(served, thread);
        return client < 0 ? undefined : client;
      },
    });
    const task = piscina.run({ port: port2 }, { transferList: [port2] }) as Promise<void>;
    task.then(
      () => {
        if (!closing) connection.fail(new Error('its task ended'));
      },
      (error: unknown) => {
        connection.fail(new Error(messageOf(error), { cause: error }));
      },
    );
    return { connection, task };
  });
  const close = async (): Promise<void> => {
    // A thread that is asked ends by itself and frees what it holds; one that cannot answer is ended with the pool.
    // Raced, since one whose task has ended does not answer either.
    await Promise.allSettled(
      connections.map(({ connection, task }) => Promise.race([task, connection.stop().then(() => task)])),
    );
    for (const { connection } of connections) connection.close();
    await endThreads(piscina);
  };
  const pool = {
    links: [...shards.keys()].map((client) =>
      connections[threadOf(client, numThreads)].connection.openLink(client),
    ),
    close: () => (closing ??= close()),
  };
  try {
    await Promise.all(
      connections.map(({ connection }, thread) =>
        connection.start({
          ...setupOf(thread),
          numThreads,
          thread,
          served,
          peers: peers[thread],
          clients: [...shards.entries()]
            .filter(([client]) => threadOf(client, numThreads) === thread)
            .map(([client, shard]) => ({ client, shard })),
        }),
      ),
    );
  } catch (error) {
    await pool.close();
    throw error;
  }
  return pool;
}

/**
 * Ends threads from outside. One that is inside native code cannot be ended, and the process could not exit for it: StuckThreadError
 * then, after which only SIGKILL ends the process.
 */
async function endThreads(piscina: Piscina): Promise<void> {
  const timer = new AbortController();
  const late = setTimeout(END_TIMEOUT_MS, 'late', { signal: timer.signal }).catch(() => 'ended');
  const outcome = await Promise.race([piscina.destroy(), late]);
  timer.abort();
  if (outcome === 'late') {
    throw new StuckThreadError(
      'ERR_THREAD_STUCK',
      `A worker thread is stuck inside native code and was not ended within ${END_TIMEOUT_MS / 1000} s.`,
    );
  }
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
