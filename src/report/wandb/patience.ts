import { setTimeout as sleepFor } from 'node:timers/promises';

/** Resolves after so long; rejects when the signal is aborted. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<unknown>;

export interface PatienceOptions {
  /** Attempts for one request. */
  readonly maxAttempts: number;
  /** Once hurried, so long without an answer ends it. */
  readonly graceMs: number;
  readonly sleep?: Sleep;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
const MAX_HURRIED_ATTEMPTS = 3;

/** How long a tracker goes on trying: without hurry while a run goes on, a short while after its end. */
export class Patience {
  readonly #options: PatienceOptions;
  readonly #sleep: Sleep;
  readonly #hurry = new AbortController();
  readonly #end = new AbortController();
  #grace: NodeJS.Timeout | undefined;
  #numHurriedFailures = 0;

  constructor(options: PatienceOptions) {
    this.#options = options;
    this.#sleep = options.sleep ?? ((ms, signal) => sleepFor(ms, undefined, { signal }));
  }

  /** Aborted when it is time to give up. */
  get end(): AbortSignal {
    return this.#end.signal;
  }

  get isHurried(): boolean {
    return this.#hurry.signal.aborted;
  }

  /** The run is over: waits end now, and without an answer for a while everything does. */
  hurry(): void {
    this.#hurry.abort();
    this.answered();
  }

  /** There was an answer: whoever answers slowly is not given up. */
  answered(): void {
    clearTimeout(this.#grace);
    this.#numHurriedFailures = 0;
    if (!this.isHurried) return;
    this.#grace = setTimeout(() => {
      this.#end.abort();
    }, this.#options.graceMs);
    this.#grace.unref();
  }

  /** Whether a request that failed this often may be tried again. */
  mayRetry(attempts: number): boolean {
    if (this.isHurried && ++this.#numHurriedFailures >= MAX_HURRIED_ATTEMPTS) return false;
    return attempts < this.#options.maxAttempts && !this.end.aborted;
  }

  /** Waits before the next attempt: twice as long each time, and no less than the server asks for. */
  async backOff(attempt: number, retryAfterMs: number): Promise<void> {
    const ms = this.isHurried ? FIRST_WAIT_MS : Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
    if (retryAfterMs > ms) await this.#wait(retryAfterMs, this.end);
    else await this.pause(ms);
  }

  /** Waits; the end of the run ends it. */
  async pause(ms: number): Promise<void> {
    await this.#wait(ms, this.isHurried ? this.end : this.#hurry.signal);
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#sleep(ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
