import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { transfer, wrap } from 'comlink';
import { messageOf } from '../../../core/errors.js';
import type { Tensor } from '../../../core/shapes.js';
import type { SegmentSpec } from '../../engine.js';
import type { Lane, PartInput } from './lane.js';

/** What a lane's thread answers. */
export type RemoteLane = Omit<Lane, 'close'>;

/** Computes in a thread of its own, which is ended with the lane. Rejects where it does not come up, and later where it has ended. */
export async function openThreadLane(spec: SegmentSpec): Promise<Lane> {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL('lane_thread.js', import.meta.url), {
    workerData: { spec, port: port2 },
    transferList: [port2],
  });
  const calls = new Calls();
  worker.once('error', (error) => {
    calls.fail(
      new Error(`A thread that computes micro-batches failed: ${messageOf(error)}`, { cause: error }),
    );
  });
  worker.once('exit', () => {
    calls.fail(new Error('A thread that computes micro-batches has ended.'));
  });
  await calls.run(() => once(worker, 'message'));
  const remote = wrap<RemoteLane>(port1);
  return {
    infer: (weights_P, parts) => calls.run(() => remote.infer(weights_P, copies(parts))),
    forward: (weights_P, parts) => calls.run(() => remote.forward(weights_P, copies(parts))),
    backward: (parts) => {
      const own = parts.map(({ dy_bF, ...part }) => (dy_bF ? { ...part, dy_bF: copyOf(dy_bF) } : part));
      const buffers = own.flatMap((part) => ('dy_bF' in part ? [part.dy_bF.data.buffer] : []));
      return calls.run(() => remote.backward(transfer(own, buffers)));
    },
    drop: (keys) => calls.run(() => remote.drop(keys)),
    async close() {
      port1.close();
      await worker.terminate();
    },
  };
}

/** To be moved. */
function copies(parts: readonly PartInput[]): readonly PartInput[] {
  const own = parts.map((part) => ({ ...part, x_bI: copyOf(part.x_bI) }));
  return transfer(
    own,
    own.map(({ x_bI }) => x_bI.data.buffer),
  );
}

/** Rows of a batch lie in the batch's buffer, which stays here. */
function copyOf({ shape, data }: Tensor): Tensor {
  return { shape, data: data.slice() };
}

/** Calls to a thread, which reject where it ends. */
class Calls {
  readonly #waiting = new Set<(reason: Error) => void>();
  #end: Error | undefined;

  run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#end) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      call()
        .then(resolve, reject)
        .finally(() => this.#waiting.delete(reject));
    });
  }

  fail(reason: Error): void {
    this.#end ??= reason;
    for (const reject of this.#waiting) reject(this.#end);
    this.#waiting.clear();
  }
}
