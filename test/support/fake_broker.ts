import type { Connection } from '../../src/link/nats/connection.js';

/** What is done to a message on its way: nothing, lost, repeated, altered. */
export type Meddle = (bytes: Uint8Array, subject: string) => readonly Uint8Array[];

interface Subscriber {
  readonly subject: string;
  take(bytes: Uint8Array, subject: string): void;
}

/** A broker in this thread: messages arrive later, in their order, copied; what `meddle` makes of them. */
export class FakeBroker {
  readonly maxPayload: number;
  /** What subscribers threw. */
  readonly refused: unknown[] = [];
  meddle: Meddle = (bytes) => [bytes];
  readonly #subscribers = new Set<Subscriber>();
  readonly #listeners = new Set<() => void>();

  constructor(maxPayload: number) {
    this.maxPayload = maxPayload;
  }

  /** Tells every connection that it was lost and is there again. */
  reconnect(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves when nothing is on its way any more. */
  async quiet(): Promise<void> {
    // Each message is handled in a turn of its own, and what it brings about in the next ones.
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  }

  connection(): Connection {
    const { maxPayload } = this;
    return {
      maxPayload,
      publish: (subject, bytes) => {
        if (bytes.length > maxPayload) throw new Error(`${bytes.length} bytes are too many`);
        for (const each of this.meddle(Uint8Array.from(bytes), subject))
          setImmediate(() => {
            this.#deliver(each, subject);
          });
      },
      subscribe: (subject, take) => {
        const subscriber = { subject, take };
        this.#subscribers.add(subscriber);
        return { close: () => this.#subscribers.delete(subscriber) };
      },
      onReconnect: (listener) => {
        this.#listeners.add(listener);
        return { close: () => this.#listeners.delete(listener) };
      },
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }

  #deliver(bytes: Uint8Array, subject: string): void {
    for (const subscriber of this.#subscribers) {
      if (!matches(subscriber.subject, subject)) continue;
      try {
        subscriber.take(bytes, subject);
      } catch (error) {
        this.refused.push(error);
      }
    }
  }
}

/** As a NATS server matches subjects, with `*` for one part. */
export function matches(pattern: string, subject: string): boolean {
  const [wanted, parts] = [pattern.split('.'), subject.split('.')];
  return wanted.length === parts.length && wanted.every((part, at) => part === '*' || part === parts[at]);
}
