import type { Closable, Connection } from './connection.js';
import type { CallSubjects } from './subjects.js';

/** Makes calls over a connection; each is answered once, whatever gets lost on the way. */
export interface Caller {
  /** A message is plain data with ArrayBuffers, which are moved. Rejects where it is refused, or the caller is closed. */
  call(message: unknown): Promise<unknown>;
  close(): void;
}

export interface CallerOptions extends CallSubjects {
  /** Of `newSession`: a caller that is opened again gets a new one. */
  readonly session: string;
  readonly retryMs: number;
}

export function openCaller(_connection: Connection, _options: CallerOptions): Caller {
  throw new Error('not written');
}

/** Handles calls in their order. What `handle` throws reaches the caller with its class and code. */
export function serveCalls(
  _connection: Connection,
  _subjects: CallSubjects,
  _handle: (message: unknown, session: string) => Promise<unknown>,
): Closable {
  throw new Error('not written');
}
