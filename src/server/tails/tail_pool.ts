import type { Tensor } from '../../core/shapes.js';
import type { SegmentState } from '../../engine/engine.js';
import {
  fromFrame,
  type ActivationsMessage,
  type BackGradientsMessage,
  type Position,
  type TensorFrame,
} from '../../link/messages.js';
import { threadOf } from '../../link/setup.js';
import type { Calls } from '../../link/thread.js';
import type { TailGradient, TrainedTail } from '../tail.js';
import { openThreadPool } from '../thread_pool.js';
import type { TailCalls, TailThreadSetup } from './tail_calls.js';

/** Where tails of clients are made. */
export interface TailMaker {
  create(client: number, state: SegmentState): Promise<TrainedTail>;
}

export interface TailPoolOptions {
  readonly numThreads: number;
  readonly threadFile: string;
  readonly callTimeoutMs: number;
}

/**
 * Threads of the server, on which each client's tail trains beside the others: client c's on thread c mod their number. None of them
 * has a client's rows or head.
 */
export async function startTailPool(
  setupOf: (thread: number) => TailThreadSetup,
  options: TailPoolOptions,
): Promise<TailMaker & { close(): Promise<void> }> {
  const pool = openThreadPool<TailThreadSetup>({
    ...options,
    taskName: 'hostTails',
    sideOf: (thread) => `server's thread ${thread}`,
    servedBy: () => undefined,
  });
  await pool.start(setupOf);
  const opened = new Map<number, Calls<TailCalls>>();
  const open = (client: number) => {
    const connection = pool.connections[threadOf(client, options.numThreads)];
    const calls = connection.openCalls<TailCalls>(client, `tail of client ${client}`, { isServers: true });
    opened.set(client, calls);
    return calls;
  };
  return {
    async create(client, state) {
      const call = opened.get(client) ?? open(client);
      await call('create', { state });
      return new RemoteTail(call);
    },
    close: () => pool.close(),
  };
}

/** A tail on another thread of the server. */
class RemoteTail implements TrainedTail {
  readonly #call: Calls<TailCalls>;

  constructor(call: Calls<TailCalls>) {
    this.#call = call;
  }

  async lossGradient(message: ActivationsMessage, due: Position, client: number): Promise<TailGradient> {
    const { tally, dz } = await this.#call('lossGradient', { message, due, client });
    return { tally, dz_BF: tensorOf(dz) };
  }

  update(): Promise<void> {
    return this.#call('update', {});
  }

  async forward(message: ActivationsMessage, due: Position, client: number): Promise<Tensor> {
    return tensorOf(await this.#call('forward', { message, due, client }));
  }

  async backward(message: BackGradientsMessage, due: Position, client: number): Promise<Tensor> {
    return tensorOf(await this.#call('backward', { message, due, client }));
  }

  takeSpentMs(): Promise<number> {
    return this.#call('takeSpentMs', {});
  }

  exportState(): Promise<SegmentState> {
    return this.#call('exportState', {});
  }

  dispose(): Promise<void> {
    return this.#call('drop', {});
  }
}

/** Between threads of one side the shape is what was sent. */
function tensorOf(frame: TensorFrame): Tensor {
  return fromFrame(frame, frame.shape, 'A thread of the server', 'the server');
}
