import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { ProtocolError } from '../../core/errors.js';
import type { CallGuard } from '../call_guard.js';
import { linkOver, methods, type Carry, type Link, type Method, type RequestOf } from '../link.js';
import type { ClientService, LoadRequest, SaveRequest, WeightsFile } from '../messages.js';
import type { Caller } from './caller.js';
import type { RunPaths } from './run_paths.js';

/** The server's link to a client on another host, whose files have the names of `paths`. */
export function openNatsLink(
  where: Pick<Link, 'client' | 'place'>,
  caller: Caller,
  guard: CallGuard,
  paths: Pick<RunPaths, 'toName'>,
): Link {
  // Posts before it returns, as every link does.
  const carry: Carry = (method, request) =>
    caller.call({ method, request: withPaths(method, request, (path) => paths.toName(path)) }) as never;
  return linkOver(where, carry, guard);
}

/** The client's side, for `serveCalls`: what the link carries is done by its service. */
export function linkHandler(
  service: ClientService,
  paths: Pick<RunPaths, 'toPath'>,
): (message: unknown) => Promise<unknown> {
  return (message) => {
    const { method, request } = checked(message);
    const files: string[] = [];
    const own = withPaths(method, request, (name) => {
      const path = paths.toPath(name);
      files.push(path);
      return path;
    });
    // At once: a call that waited here would be overtaken by the next one.
    if (method === 'saveStates' || method === 'saveHead')
      for (const file of files) mkdirSync(dirname(file), { recursive: true });
    const target = service as unknown as Record<Method, (request: unknown) => Promise<unknown>>;
    return target[method](own);
  };
}

/** The request with every path in it replaced. Throws ProtocolError where it has none of the right kind. */
function withPaths<M extends Method>(
  method: M,
  request: RequestOf<M>,
  replace: (path: string) => string,
): unknown {
  const given = request as unknown;
  const swap = (path: unknown) => {
    if (typeof path !== 'string') throw unknownRequest(`"${method}" has a path that is no text`);
    return replace(path);
  };
  const swapAll = <T>(list: readonly T[], one: (part: T) => unknown) => {
    if (!Array.isArray(list)) throw unknownRequest(`"${method}" has no list of files`);
    return list.map(one);
  };
  if (method === 'saveStates' || method === 'loadStates') {
    const files = given as SaveRequest | LoadRequest;
    return { ...files, path: swap(files.path) };
  }
  if (method === 'saveHead') return { paths: swapAll((given as { paths: readonly string[] }).paths, swap) };
  if (method === 'loadHead') {
    const { files } = given as { files: readonly (WeightsFile | null)[] };
    return { files: swapAll(files, (file) => ({ ...file, path: swap(file?.path) })) };
  }
  return given;
}

/** What came from the other side, whatever that is. */
function checked(message: unknown): { method: Method; request: never } {
  const { method, request } = (message ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof method !== 'string' || !methods.includes(method as Method))
    throw unknownRequest(
      `it is for ${typeof method === 'string' ? `"${method}"` : 'no method'}, which no client has`,
    );
  if (typeof request !== 'object' || request === null) throw unknownRequest(`"${method}" has no request`);
  return { method: method as Method, request: request as never };
}

function unknownRequest(why: string): ProtocolError {
  return new ProtocolError(
    'ERR_REQUEST',
    `A request of the server was refused: ${why}. Both sides must run the same version.`,
  );
}
