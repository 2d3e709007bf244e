import { setTimeout } from 'node:timers/promises';
import { InterruptedError } from '../../core/errors.js';
import type { Closable, Connection } from '../../link/nats/connection.js';
import { LOST_AFTER_MS, Presence, watchBeats } from '../../link/nats/presence.js';

const CHECK_MS = 200;

export interface RosterOptions {
  readonly numClients: number;
  /** Matches the heartbeats of all. */
  readonly beats: string;
  readonly now: () => number;
  /** Told in words who comes and goes. */
  readonly say: (line: string) => void;
  readonly interruptedBy: () => string | undefined;
}

/** Which clients are there. */
export class Roster {
  readonly #options: RosterOptions;
  readonly #presence: Presence;
  readonly #watch: Closable;
  readonly #timer: NodeJS.Timeout;
  /** By client: to be told that it is gone. */
  readonly #onLoss = new Map<number, (why: string) => void>();

  constructor(connection: Connection, options: RosterOptions) {
    this.#options = options;
    this.#presence = new Presence(LOST_AFTER_MS, options.now, (change) => {
      const { name } = change;
      if (name === 'server') return;
      if (change.type === 'came') options.say(`client ${name} is here`);
      else {
        const why = change.why === 'silent' ? 'it is silent' : 'it was started anew';
        options.say(`client ${name} is gone: ${why}`);
        this.#onLoss.get(Number(name))?.(why);
      }
    });
    this.#watch = watchBeats(connection, options.beats, (name, state) => {
      this.#presence.heard(name, state);
    });
    this.#timer = setInterval(() => {
      this.#presence.check();
    }, CHECK_MS);
  }

  /** Clients that are not there. */
  get missing(): readonly number[] {
    const all = Array.from({ length: this.#options.numClients }, (_, client) => client);
    return all.filter((client) => !this.#presence.here.has(String(client)));
  }

  /** Waits until all are there, or the time is over; gives those that are missing. Throws InterruptedError. */
  async waitForAll(timeoutMs: number): Promise<readonly number[]> {
    const { now, say, interruptedBy, numClients } = this.#options;
    const startMs = now();
    let told = '';
    while (this.missing.length > 0 && now() - startMs < timeoutMs) {
      const signal = interruptedBy();
      if (signal !== undefined)
        throw new InterruptedError('ERR_INTERRUPTED', `Stopped by ${signal} while waiting for clients.`, {
          signal,
        });
      const missing = this.missing.join(', ');
      if (missing !== told) say(`waiting for ${this.missing.length} of ${numClients} clients: ${missing}`);
      told = missing;
      await setTimeout(CHECK_MS);
    }
    return this.missing;
  }

  /** Calls back when this client is lost, once it is asked for; a later call takes the place of an earlier one. */
  onLoss(client: number, listener: (why: string) => void): void {
    this.#onLoss.set(client, listener);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#watch.close();
  }
}
