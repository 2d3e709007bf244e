import { setTimeout } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { messageOf, StuckThreadError } from '../core/errors.js';
import { connectThread, type ThreadConnection } from '../link/thread.js';

export interface ThreadPoolOptions {
  readonly numThreads: number;
  /** The compiled file, and which of its functions a thread runs as its one task. */
  readonly threadFile: string;
  readonly taskName: string;
  /** Wall time after which a call is given up. */
  readonly callTimeoutMs: number;
  /** Name of a thread in errors. */
  readonly sideOf: (thread: number) => string;
  /** The client for which a thread works, as far as it tells. */
  readonly servedBy: (thread: number) => number | undefined;
}

/** Threads that each run one task as long as they live. */
export interface ThreadPool<Setup> {
  /** By thread number. */
  readonly connections: readonly ThreadConnection<Setup>[];
  /** Gives every thread its setup. Where one does not come up, all are ended, and its error is thrown. */
  start(setupOf: (thread: number) => Setup): Promise<void>;
  /** Ends all threads; a second call waits for the same end. */
  close(): Promise<void>;
}

/** JavaScript that hangs is ended at once; this is for what hangs below it. */
const END_TIMEOUT_MS = 5000;

/**
 * A thread's young generation stays at the size that it soon has anyway: left alone it doubles once more after thousands of steps,
 * and with it the buffers that wait for their collection.
 */
const YOUNG_GENERATION_MB = 24;

/**
 * Opens the threads of one Piscina pool. Every thread runs one task as long as it lives, so that a task that ends unasked is the news
 * that its thread died (Piscina would quietly put a fresh thread, with empty heads, in its place).
 */
export function openThreadPool<Setup>(options: ThreadPoolOptions): ThreadPool<Setup> {
  const { numThreads, threadFile, taskName, callTimeoutMs, sideOf, servedBy } = options;
  const piscina = new Piscina({
    filename: threadFile,
    name: taskName,
    minThreads: numThreads,
    maxThreads: numThreads,
    // The default blocks an idle thread's event loop, and its port would never answer.
    atomics: 'disabled',
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  let closing: Promise<void> | undefined;
  const threads = Array.from({ length: numThreads }, (_, thread) => {
    const { port1, port2 } = new MessageChannel();
    const connection = connectThread<Setup>(port1, {
      place: thread,
      side: sideOf(thread),
      timeoutMs: callTimeoutMs,
      servedBy: () => servedBy(thread),
    });
    const task = runTask(piscina, port2);
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
      threads.map(({ connection, task }) => Promise.race([task, connection.stop().then(() => task)])),
    );
    for (const { connection } of threads) connection.close();
    await endThreads(piscina);
  };
  const pool: ThreadPool<Setup> = {
    connections: threads.map(({ connection }) => connection),
    async start(setupOf) {
      try {
        await Promise.all(threads.map(({ connection }, thread) => connection.start(setupOf(thread))));
      } catch (error) {
        await pool.close();
        throw error;
      }
    },
    close: () => (closing ??= close()),
  };
  return pool;
}

function runTask(piscina: Piscina, port: MessagePort): Promise<void> {
  return piscina.run({ port }, { transferList: [port] }) as Promise<void>;
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
