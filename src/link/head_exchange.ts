import type { MessagePort } from 'node:worker_threads';
import { ProtocolError } from '../core/errors.js';
import type { Parcel, RefusedParcel } from './parcels.js';
import { movables } from './wire.js';

/**
 * The mail between clients: straight from thread to thread, over a port for each pair of threads that the server does not
 * hold. Between clients of one thread the same code runs without a port.
 */
export class HeadExchange {
  readonly #threadOf: (client: number) => number;
  readonly #thread: number;
  readonly #ports: ReadonlyMap<number, MessagePort>;
  readonly #arrived = new Map<number, Parcel | RefusedParcel>();
  readonly #waiting = new Map<number, (parcel: Parcel | RefusedParcel) => void>();

  constructor(thread: number, threadOf: (client: number) => number, ports: ReadonlyMap<number, MessagePort>) {
    this.#thread = thread;
    this.#threadOf = threadOf;
    this.#ports = ports;
    for (const port of ports.values()) {
      port.on('message', (parcel: Parcel | RefusedParcel) => {
        this.#deliver(parcel);
      });
    }
  }

  /** Sends a parcel; its buffers are moved. */
  send(parcel: Parcel): void {
    const thread = this.#threadOf(parcel.to);
    if (thread === this.#thread) {
      this.#deliver(parcel);
      return;
    }
    const port = this.#ports.get(thread);
    if (!port)
      throw new ProtocolError('ERR_NO_PEER', `Thread ${this.#thread} has no port to thread ${thread}.`);
    port.postMessage(parcel, movables(parcel));
  }

  /** The next parcel for this client, when it is there. Throws ProtocolError for one that was refused on its way. */
  async receive(client: number): Promise<Parcel> {
    const arrived = this.#arrived.get(client);
    this.#arrived.delete(client);
    const parcel =
      arrived ?? (await new Promise<Parcel | RefusedParcel>((resolve) => this.#waiting.set(client, resolve)));
    if (!('refused' in parcel)) return parcel;
    const { from, to, refused } = parcel;
    throw new ProtocolError('ERR_HAND_OVER', refused, { from, to });
  }

  close(): void {
    for (const port of this.#ports.values()) port.close();
  }

  #deliver(parcel: Parcel | RefusedParcel): void {
    const take = this.#waiting.get(parcel.to);
    this.#waiting.delete(parcel.to);
    if (take) take(parcel);
    else this.#arrived.set(parcel.to, parcel);
  }
}
