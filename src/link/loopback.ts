import { CallGuard } from './call_guard.js';
import { linkOver, type Carry, type Link, type Method, type ReplyOf, type RequestOf } from './link.js';
import type { ClientService } from './messages.js';
import { movables, outcomeOf, unwrap } from './wire.js';

/** A link whose client lives in the same thread, and whose death can be called. */
export interface Loopback {
  readonly link: Link;
  die(cause: Error): void;
}

/** Behaves as a link to a thread does: buffers are moved, errors are taken apart and rebuilt. */
export function openLoopback(client: number, service: ClientService, timeoutMs: number): Loopback {
  const guard = new CallGuard(`loopback of client ${client}`, timeoutMs, { client });
  const carry: Carry = async <M extends Method>(method: M, request: RequestOf<M>) => {
    const moved = move(request);
    const handle = service[method] as (request: RequestOf<M>) => Promise<ReplyOf<M>>;
    return unwrap(move(await outcomeOf(() => handle.call(service, moved))));
  };
  return {
    link: linkOver({ client, place: 0 }, carry, guard),
    die: (cause) => {
      guard.fail(cause);
    },
  };
}

function move<T>(message: T): T {
  return structuredClone(message, { transfer: movables(message) as ArrayBuffer[] });
}
