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
  readonly onLoss: (client: number, why: string) => void;
}

/** Which clients are there. */
export class Roster {
  readonly #options: RosterOptions;
  readonly #presence: Presence;
  readonly #watch: Closable;
  readonly #timer: NodeJS.Timeout;

  constructor(connection: Connection, options: RosterOptions) {
    this.#options = options;
    this.#presence = new Presence(LOST_AFTER_MS, options.now, (change) => {
      const { name } = change;
      if (name === 'server') return;
      if (change.type === 'came') options.say(`client ${name} is here`);
      else {
        const why = change.why === 'silent' ? 'it is silent' : 'it was started anew';
        options.say(`client ${name} is gone: ${why}`);
        options.onLoss(Number(name), why);
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

  /** Waits until all that are wanted are there, or the time is over; gives those that are missing. Throws InterruptedError. */
  async waitForAll(
    timeoutMs: number,
    isWanted: (client: number) => boolean = () => true,
  ): Promise<readonly number[]> {
    const { now, say, interruptedBy, numClients } = this.#options;
    const startMs = now();
    let told = '';
    for (;;) {
      const wanted = this.missing.filter(isWanted);
      if (wanted.length === 0 || now() - startMs >= timeoutMs) return this.missing;
      const signal = interruptedBy();
      if (signal !== undefined)
        throw new InterruptedError('ERR_INTERRUPTED', `Stopped by ${signal} while waiting for clients.`, {
          signal,
        });
      const missing = wanted.join(', ');
      if (missing !== told) say(`waiting for ${wanted.length} of ${numClients} clients: ${missing}`);
      told = missing;
      await setTimeout(CHECK_MS);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#watch.close();
  }
}
