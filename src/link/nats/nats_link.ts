import type { CallGuard } from '../call_guard.js';
import type { Link } from '../link.js';
import type { ClientService } from '../messages.js';
import type { Caller } from './calls.js';

/** Files of the server's run directory, as requests name them to a client on another host. */
export interface SentPaths {
  /** Path relative to the run directory of an absolute one. */
  toName(path: string): string;
}

/** Where a client keeps the files that requests name. */
export interface OwnPaths {
  /** Path in the client's own folder. Throws ProtocolError where the name leaves it. */
  toPath(name: string): string;
}

/** The server's link to a client on another host. */
export function openNatsLink(
  _where: Pick<Link, 'client' | 'place'>,
  _caller: Caller,
  _guard: CallGuard,
  _paths: SentPaths,
): Link {
  throw new Error('not written');
}

/** The client's side: handles what the link sends, for `serveCalls`. */
export function linkHandler(
  _service: ClientService,
  _paths: OwnPaths,
): (message: unknown) => Promise<unknown> {
  throw new Error('not written');
}
