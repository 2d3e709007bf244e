import { BloomError, ClientLostError, messageOf, withDetails, type ErrorDetails } from '../core/errors.js';

/**
 * Ends calls that would otherwise wait for ever: a call to a thread that died is never answered. Each call races its
 * deadline, the death of the other side, and the closing of the link.
 */
export class CallGuard {
  readonly #side: string;
  readonly #timeoutMs: number;
  readonly #details: ErrorDetails;
  readonly #lostDetails: () => ErrorDetails;
  readonly #waiting = new Map<symbol, { what: string; reject: (reason: Error) => void }>();
  #end: ((what: string) => BloomError) | undefined;

  /**
   * `side` names the other side in errors: "thread 1 (clients 1, 3)"; `details` go into every one. Where the side is lost or does
   * not answer, those of that moment do.
   */
  constructor(
    side: string,
    timeoutMs: number,
    details: ErrorDetails = {},
    lostDetails: () => ErrorDetails = () => details,
  ) {
    this.#side = side;
    this.#timeoutMs = timeoutMs;
    this.#details = details;
    this.#lostDetails = lostDetails;
  }

  /** Runs a call; `what` says in errors what was being done. */
  run<T>(what: string, call: () => Promise<T>): Promise<T> {
    if (this.#end) return Promise.reject(this.#end(what));
    return new Promise<T>((resolve, reject) => {
      const key = Symbol(what);
      const leave = () => {
        clearTimeout(timer);
        this.#waiting.delete(key);
      };
      const timer = setTimeout(() => {
        leave();
        reject(this.#timeout(what));
      }, this.#timeoutMs);
      // Entered BEFORE the call is posted: a side that dies in between would leave us waiting.
      this.#waiting.set(key, {
        what,
        reject: (reason) => {
          leave();
          reject(reason);
        },
      });
      call().then(
        (value) => {
          leave();
          resolve(value);
        },
        (error: unknown) => {
          leave();
          reject(this.#named(error, what));
        },
      );
    });
  }

  /** The other side is gone: everything under way and everything after is refused. */
  fail(cause: unknown): void {
    this.#finish(
      (what) =>
        new ClientLostError(
          'ERR_CLIENT_LOST',
          `The ${this.#side} ended while waiting for "${what}": ${messageOf(cause)}.`,
          { ...this.#lostDetails(), side: this.#side, what },
          { cause },
        ),
    );
  }

  close(): void {
    this.#finish(
      (what) =>
        new ClientLostError(
          'ERR_LINK_CLOSED',
          `The link to the ${this.#side} is closed: "${what}" was not done.`,
          { ...this.#lostDetails(), side: this.#side, what },
        ),
    );
  }

  #finish(end: (what: string) => BloomError): void {
    this.#end ??= end;
    for (const { what, reject } of [...this.#waiting.values()]) reject(this.#end(what));
  }

  /** An error that nobody raised on purpose says nothing of where it came from. */
  #named(error: unknown, what: string): Error {
    if (error instanceof BloomError && error.code !== 'ERR_INTERNAL')
      return 'to' in error.details ? error : withDetails(error, this.#details);
    return new ClientLostError(
      'ERR_CLIENT_FAILED',
      `The ${this.#side} failed at "${what}": ${messageOf(error).replace(/\.$/, '')}.`,
      { ...this.#details, side: this.#side, what },
      { cause: error },
    );
  }

  #timeout(what: string): BloomError {
    const seconds = this.#timeoutMs / 1000;
    return new ClientLostError(
      'ERR_CALL_TIMEOUT',
      `The ${this.#side} did not answer "${what}" within ${seconds} s. It hangs, or the machine is overloaded.`,
      { ...this.#lostDetails(), side: this.#side, what },
    );
  }
}
