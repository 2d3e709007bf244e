import type { MessagePort } from 'node:worker_threads';
import { expose, transfer, wrap } from 'comlink';
import { CallGuard } from './call_guard.js';
import { linkOver, type Carry, type Link, type Method, type ReplyOf, type RequestOf } from './link.js';
import type { ClientService } from './messages.js';
import { movables, outcomeOf, unwrap, type Outcome } from './wire.js';

/** What a worker thread does for the server: it comes up, hosts clients, and ends. */
export interface ThreadService<Setup> {
  start(setup: Setup): Promise<void>;
  client(client: number): ClientService;
  stop(): Promise<void>;
}

/** What crosses the port: plain outcomes, so that errors keep their code. */
interface Remote<Setup> {
  start(setup: Setup): Promise<Outcome<void>>;
  call(client: number, method: Method, request: unknown): Promise<Outcome<unknown>>;
  stop(): Promise<Outcome<void>>;
}

/** The server's side of a worker thread's port. */
export interface ThreadConnection<Setup> {
  /** Sends the setup (its ports and buffers are moved) and waits until the thread can be used. */
  start(setup: Setup): Promise<void>;
  openLink(client: number): Link;
  /** Asks the thread to end by itself. */
  stop(): Promise<void>;
  /** The thread is gone: all links reject. */
  fail(cause: unknown): void;
  close(): void;
}

/** A thread that does not end by itself in this time is hung, and is ended from outside. */
const STOP_TIMEOUT_MS = 5000;

export interface ConnectionOptions {
  /** Number of the thread. */
  readonly place: number;
  /** Its name in errors. */
  readonly side: string;
  readonly timeoutMs: number;
  /** The client for which it works, as far as it tells: to blame where it ends or hangs. */
  readonly servedBy: () => number | undefined;
}

/** Connects the server to the thread with number `place`, which serves the other end of `port`. */
export function connectThread<Setup>(
  port: MessagePort,
  { place, side, timeoutMs, servedBy }: ConnectionOptions,
): ThreadConnection<Setup> {
  const remote = wrap<Remote<Setup>>(port);
  const guard = new CallGuard(side, timeoutMs);
  const stopGuard = new CallGuard(side, Math.min(timeoutMs, STOP_TIMEOUT_MS));
  const links: CallGuard[] = [];
  const send = <T>(message: T): T => transfer(message, movables(message) as never);
  return {
    start: (setup) =>
      guard.run('start', async () => {
        unwrap(await remote.start(send(setup) as never));
      }),
    openLink(client) {
      const linkGuard = new CallGuard(side, timeoutMs, () => ({ client: servedBy() ?? client }));
      links.push(linkGuard);
      const carry: Carry = async <M extends Method>(method: M, request: RequestOf<M>) =>
        unwrap(await remote.call(client, method, send(request))) as ReplyOf<M>;
      return linkOver({ client, place }, carry, linkGuard);
    },
    stop: () =>
      stopGuard.run('stop', async () => {
        unwrap(await remote.stop());
      }),
    fail(cause) {
      for (const each of [guard, stopGuard, ...links]) each.fail(cause);
    },
    close() {
      for (const each of [guard, stopGuard, ...links]) each.close();
      port.close();
    },
  };
}

/** Serves a thread's clients on its port until `stop` was called and answered. */
export async function serveThread<Setup>(port: MessagePort, service: ThreadService<Setup>): Promise<void> {
  await new Promise<void>((resolve) => {
    const answer = async <T>(work: () => Promise<T>): Promise<Outcome<T>> => {
      const outcome = await outcomeOf(work);
      return transfer(outcome, movables(outcome) as never);
    };
    const remote: Remote<Setup> = {
      start: (setup) => answer(() => service.start(setup)),
      call: (client, method, request) =>
        answer(() => {
          const target = service.client(client);
          return (target[method] as (request: unknown) => Promise<unknown>).call(target, request);
        }),
      async stop() {
        const outcome = await answer(() => service.stop());
        // Resolved after the reply was posted: the thread must not end before.
        setImmediate(resolve);
        return outcome;
      },
    };
    expose(remote, port);
  });
  port.close();
}
