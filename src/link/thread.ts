import type { MessagePort } from 'node:worker_threads';
import { expose, transfer, wrap } from 'comlink';
import { CallGuard } from './call_guard.js';
import type { ErrorDetails } from '../core/errors.js';
import { linkOver, type Carry, type Link } from './link.js';
import { movables, outcomeOf, unwrap, type Outcome } from './wire.js';

/** What a worker thread does for the server: it comes up, works for clients, and ends. */
export interface ThreadService<Setup> {
  start(setup: Setup): Promise<void>;
  /** Whose methods are called for this client. */
  target(client: number): object;
  stop(): Promise<void>;
}

/** What crosses the port: plain outcomes, so that errors keep their code. */
interface Remote<Setup> {
  start(setup: Setup): Promise<Outcome<void>>;
  call(client: number, method: string, request: unknown): Promise<Outcome<unknown>>;
  stop(): Promise<Outcome<void>>;
}

/** The server's side of a worker thread's port. */
export interface ThreadConnection<Setup> {
  /** Sends the setup (its ports and buffers are moved) and waits until the thread can be used. */
  start(setup: Setup): Promise<void>;
  openLink(client: number): Link;
  /** Calls of the methods of what the thread has for a client; `what` and `details` are for errors. */
  openCalls<Service>(client: number, what: string, details: ErrorDetails): Calls<Service>;
  /** Asks the thread to end by itself. */
  stop(): Promise<void>;
  /** The thread is gone: all links reject. */
  fail(cause: unknown): void;
  close(): void;
}

/** Calls a method of a service on the other side. */
export type Calls<Service> = <M extends string & keyof Service>(
  method: M,
  request: Service[M] extends (request: infer Request) => unknown ? Request : never,
) => Service[M] extends (request: never) => infer Reply ? Reply : never;

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
  const call = async (client: number, method: string, request: unknown) =>
    unwrap(await remote.call(client, method, send(request)));
  const guarded = (details: ErrorDetails, lostDetails?: () => ErrorDetails) => {
    const another = new CallGuard(side, timeoutMs, details, lostDetails);
    links.push(another);
    return another;
  };
  return {
    start: (setup) =>
      guard.run('start', async () => {
        unwrap(await remote.start(send(setup) as never));
      }),
    openLink(client) {
      const linkGuard = guarded({ client }, () => ({ client: servedBy() ?? client }));
      const carry: Carry = (method, request) => call(client, method, request) as never;
      return linkOver({ client, place }, carry, linkGuard);
    },
    openCalls(client, what, details) {
      const callGuard = guarded(details);
      return (method, request) =>
        callGuard.run(`${what}: ${method}`, () => call(client, method, request)) as never;
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
          const target = service.target(client) as Record<string, (request: unknown) => Promise<unknown>>;
          return target[method](request);
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
