import { ProtocolError } from '../../core/errors.js';
import type { EngineName } from '../../engine/registry.js';
import type { Fault } from '../faults.js';
import type { Caller } from './caller.js';
import { checkedFacts, type ClientFacts } from './client_facts.js';

/** What the process of a client does for the server, besides what the client in it does. */
export interface HostService {
  /** Reads its rows, as the configuration says, and tells of them. */
  prepare(request: PrepareRequest): Promise<ClientFacts>;
  /** Brings its client up afresh, on a new thread. */
  open(request: OpenRequest): Promise<void>;
  /** Throws DataError unless it has this file whole. */
  requireStates(request: StatesRequest): Promise<void>;
  /** Removes what it has of other checkpoints. */
  keepStates(request: KeepRequest): Promise<void>;
  /** The run is over. */
  end(request: { readonly run: string }): Promise<void>;
}

export interface PrepareRequest {
  /** JSON of the run's configuration. */
  readonly config: string;
  /** Of the server's software: both must be the same. */
  readonly version: string;
}

export interface OpenRequest {
  /** Folder of the run at the client. */
  readonly run: string;
  /** Names this start of the run: what another start sent is refused. */
  readonly start: string;
  readonly generation: number;
  readonly engine: EngineName;
  /** What is to go wrong on purpose. */
  readonly faults: readonly Fault[];
}

export interface StatesRequest {
  readonly run: string;
  /** Relative to the run's folder. */
  readonly name: string;
  readonly sha256: string;
}

export interface KeepRequest {
  readonly run: string;
  /** Folders of checkpoints, relative to the run's folder. */
  readonly folders: readonly string[];
}

const methods: readonly (keyof HostService)[] = ['prepare', 'open', 'requireStates', 'keepStates', 'end'];

/** The process of this client, at the other end of these calls. */
export function hostOver(caller: Pick<Caller, 'call'>, client: number): HostService {
  const call =
    <M extends keyof HostService>(method: M) =>
    (request: Parameters<HostService[M]>[0]) =>
      caller.call({ host: method, request }) as ReturnType<HostService[M]>;
  return {
    prepare: async (request) => checkedFacts(await call('prepare')(request), client),
    open: call('open'),
    requireStates: call('requireStates'),
    keepStates: call('keepStates'),
    end: call('end'),
  };
}

/** Handles calls to the process; all others are for its client. */
export function hostHandler(
  service: HostService,
  forClient: (message: unknown) => Promise<unknown>,
): (message: unknown) => Promise<unknown> {
  return async (message) => {
    const { host, request } = (message ?? {}) as { readonly host?: unknown; readonly request?: unknown };
    if (host === undefined) return await forClient(message);
    const method = methods.find((name) => name === host);
    if (method === undefined)
      throw new ProtocolError(
        'ERR_NO_METHOD',
        'The process of a client was asked for what it does not know.',
        {},
      );
    const { [method]: handle } = service as unknown as Record<string, (request: unknown) => Promise<unknown>>;
    return (await handle.call(service, request)) ?? null;
  };
}
