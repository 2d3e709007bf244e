import type { MessagePort } from 'node:worker_threads';
import type { Program } from '../../engine/engine.js';
import { loadEngine } from '../../engine/registry.js';
import { toFrame } from '../../link/messages.js';
import { serveThread, type ThreadService } from '../../link/thread.js';
import { Tail } from '../tail.js';
import type { TailCalls, TailThreadSetup } from './tail_calls.js';

/** The one task of a thread of the server: host the tails of some clients until the server says stop. */
export async function hostTails({ port }: { port: MessagePort }): Promise<void> {
  await serveThread(port, new TailHost());
}

class TailHost implements ThreadService<TailThreadSetup> {
  readonly #tails = new Map<number, Tail>();
  #program: Program | undefined;

  /** Compiles once for all tails of the thread. */
  async start({ engine, spec }: TailThreadSetup): Promise<void> {
    this.#program = await (await loadEngine(engine)).compile(spec);
  }

  target(client: number): TailCalls {
    const tail = () => {
      const found = this.#tails.get(client);
      if (!found) throw new Error(`There is no tail for client ${client} here.`);
      return found;
    };
    return {
      create: ({ state }) => {
        if (!this.#program) throw new Error('A tail is wanted before the thread was started.');
        this.#tails.set(client, new Tail(this.#program, state));
        return Promise.resolve();
      },
      async lossGradient({ message, due, client }) {
        const { tally, dz_BF } = await tail().lossGradient(message, due, client);
        return { tally, dz: toFrame(dz_BF) };
      },
      update: () => tail().update(),
      forward: async ({ message, due, client }) => toFrame(await tail().forward(message, due, client)),
      backward: async ({ message, due, client }) => toFrame(await tail().backward(message, due, client)),
      takeSpentMs: () => tail().takeSpentMs(),
      exportState: () => tail().exportState(),
      drop: () => {
        tail().dispose();
        this.#tails.delete(client);
        return Promise.resolve();
      },
    };
  }

  async stop(): Promise<void> {
    await this.#program?.dispose();
  }
}
