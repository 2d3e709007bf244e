import { ClientLostError } from '../../core/errors.js';
import { CallGuard } from '../../link/call_guard.js';
import { linkOver, type Link } from '../../link/link.js';
import { openCaller } from '../../link/nats/caller.js';
import type { Connection } from '../../link/nats/connection.js';
import { hostOver, type HostService } from '../../link/nats/host.js';
import { openNatsLink } from '../../link/nats/nats_link.js';
import type { RunPaths } from '../../link/nats/run_paths.js';
import { newSession } from '../../link/nats/session.js';
import { RETRY_MS, type Subjects } from '../../link/nats/subjects.js';

/** The server's line to the process of one client, until it is opened anew. No call waits for ever. */
export interface ClientLine {
  readonly client: number;
  readonly host: HostService;
  /** To the client in it, whose run's files have these names. */
  openLink(paths: RunPaths): Link;
  /** What is under way at the client is not waited for any more; its process can still be called. */
  closeLink(): void;
  /** Its process is gone. */
  fail(why: string): void;
  close(): void;
}

export interface LineOptions {
  readonly connection: Connection;
  readonly subjects: Subjects;
  readonly callTimeoutMs: number;
}

/** A line in a session of its own: what was under way on an earlier one is over. */
export function openLine(client: number, { connection, subjects, callTimeoutMs }: LineOptions): ClientLine {
  const caller = openCaller(connection, {
    ...subjects.call(client),
    session: newSession(),
    retryMs: RETRY_MS,
  });
  const newGuard = () => new CallGuard(`process of client ${client}`, callTimeoutMs, { client });
  const [ofHost, ofLink] = [newGuard(), newGuard()];
  const guarded = {
    call: (message: unknown) => ofHost.run(whatOf(message), () => caller.call(message)),
  };
  return {
    client,
    host: hostOver(guarded, client),
    openLink: (paths) => openNatsLink({ client, place: client }, caller, ofLink, paths),
    closeLink() {
      ofLink.close();
    },
    fail(why) {
      for (const guard of [ofHost, ofLink]) guard.fail(new Error(why));
    },
    close() {
      for (const guard of [ofHost, ofLink]) guard.close();
      caller.close();
    },
  };
}

/** Instead of the link of a client that has not come back. */
export function absentLink(client: number): Link {
  const guard = new CallGuard(`process of client ${client}`, 1, { client });
  return linkOver(
    { client, place: client },
    () => Promise.reject(goneError(client, 'It is not there.')),
    guard,
  );
}

export function goneError(client: number, why: string): ClientLostError {
  return new ClientLostError('ERR_CLIENT_GONE', `Client ${client} is gone. ${why}`, { client });
}

function whatOf(message: unknown): string {
  return String((message as { readonly host?: unknown }).host);
}
