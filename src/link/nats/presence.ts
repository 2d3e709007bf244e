import { decodeMessage, encodeMessage } from './message_bytes.js';
import { ProtocolError } from '../../core/errors.js';
import type { Closable, Connection } from './connection.js';

export const BEAT_EVERY_MS = 1000;
/** Without a heartbeat for so long a party is lost. */
export const LOST_AFTER_MS = 10_000;

/** What a heartbeat says: small plain data, of which `session` names the process. */
export interface BeatState {
  readonly session: string;
  readonly [fact: string]: string | number | boolean | null;
}

/** Publishes `state()` at once, and then every `everyMs`. */
export function beat(
  connection: Connection,
  subject: string,
  state: () => BeatState,
  everyMs: number,
): Closable {
  const send = () => {
    connection.publish(subject, encodeMessage(state()).bytes);
  };
  const timer = setInterval(send, everyMs);
  send();
  return {
    close() {
      clearInterval(timer);
    },
  };
}

/** Calls back at every heartbeat; `name` is the last part of its subject: "server", or a client's number. */
export function watchBeats(
  connection: Connection,
  pattern: string,
  onBeat: (name: string, state: BeatState) => void,
): Closable {
  return connection.subscribe(pattern, (bytes, subject) => {
    const state = decodeMessage(bytes);
    if (!isState(state))
      throw new ProtocolError('ERR_MESSAGE', `A heartbeat on "${subject}" does not say its session.`, {
        subject,
      });
    onBeat(subject.slice(subject.lastIndexOf('.') + 1), state);
  });
}

function isState(value: unknown): value is BeatState {
  return typeof (value as Partial<BeatState> | null)?.session === 'string';
}

export interface Heard {
  readonly state: BeatState;
  readonly lastMs: number;
}

/** A party is there, or it is not any more: it was silent for too long, or the same party came as another process. */
export type PresenceChange =
  | { readonly type: 'came'; readonly name: string; readonly session: string }
  | {
      readonly type: 'lost';
      readonly name: string;
      readonly session: string;
      readonly why: 'silent' | 'restarted';
    };

/** Who is there, from their heartbeats. */
export class Presence {
  readonly #lostAfterMs: number;
  readonly #now: () => number;
  readonly #onChange: (change: PresenceChange) => void;
  readonly #heard = new Map<string, Heard>();
  #checkedMs: number;

  constructor(lostAfterMs: number, now: () => number, onChange: (change: PresenceChange) => void) {
    this.#lostAfterMs = lostAfterMs;
    this.#now = now;
    this.#onChange = onChange;
    this.#checkedMs = now();
  }

  /** Those that are there, by name. */
  get here(): ReadonlyMap<string, Heard> {
    return this.#heard;
  }

  /** A heartbeat came. */
  heard(name: string, state: BeatState): void {
    const before = this.#heard.get(name);
    this.#heard.set(name, { state, lastMs: this.#now() });
    const { session } = state;
    if (before?.state.session === session) return;
    if (before) this.#onChange({ type: 'lost', name, session: before.state.session, why: 'restarted' });
    this.#onChange({ type: 'came', name, session });
  }

  /** Finds who was silent for too long; to be called about once a second. */
  check(): void {
    const nowMs = this.#now();
    const sleptMs = nowMs - this.#checkedMs;
    this.#checkedMs = nowMs;
    for (const [name, { state, lastMs }] of [...this.#heard]) {
      if (nowMs - lastMs <= this.#lostAfterMs) continue;
      // Who was stopped itself (a laptop's lid, a debugger) has heard nobody: heartbeats wait to be read.
      if (sleptMs > this.#lostAfterMs / 2) this.#heard.set(name, { state, lastMs: nowMs });
      else {
        this.#heard.delete(name);
        this.#onChange({ type: 'lost', name, session: state.session, why: 'silent' });
      }
    }
  }
}
