import type { Closable, Connection } from './connection.js';

/** What a heartbeat says: small plain data, of which `session` names the process. */
export interface BeatState {
  readonly session: string;
  readonly [fact: string]: string | number | boolean | null;
}

/** Publishes `state()` every `everyMs`, the first time at once. */
export function beat(
  _connection: Connection,
  _subject: string,
  _state: () => BeatState,
  _everyMs: number,
): Closable {
  throw new Error('not written');
}

/** Calls back at every heartbeat; `name` is the last part of its subject: "server" or a client's number. */
export function watchBeats(
  _connection: Connection,
  _pattern: string,
  _onBeat: (name: string, state: BeatState) => void,
): Closable {
  throw new Error('not written');
}

/** Where one party is, as its heartbeats tell. */
export interface Whereabouts {
  readonly state: BeatState;
  readonly lastMs: number;
}

export type PresenceChange =
  | { readonly type: 'came'; readonly name: string; readonly session: string }
  /** Silent for too long, or started anew (then `came` follows). */
  | {
      readonly type: 'lost';
      readonly name: string;
      readonly session: string;
      readonly why: 'silent' | 'restarted';
    };
