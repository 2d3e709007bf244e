import { setTimeout } from 'node:timers/promises';
import type { Program } from '../engine/engine.js';
import type { Fault } from '../link/faults.js';
import type { HeadExchange, HeadParcel } from '../link/head_exchange.js';
import type { ActivationsMessage, GradientsMessage, VisitRequest } from '../link/messages.js';
import type { ClientSetup, ThreadSetup } from '../link/setup.js';
import { Client } from './client.js';

/** A client at which things go wrong on purpose. */
export class FaultyClient extends Client {
  readonly #faults: Faults;

  constructor({ client, shard }: ClientSetup, setup: ThreadSetup, program: Program, exchange: HeadExchange) {
    const faults = new Faults(client, setup);
    const corrupting = {
      send: (parcel: HeadParcel) => {
        exchange.send(faults.fires('corrupt', parcel.step) ? corrupted(parcel) : parcel);
      },
      receive: (to: number) => exchange.receive(to),
    };
    super(client, shard, setup, program, corrupting);
    this.#faults = faults;
  }

  override async startVisit(request: VisitRequest): Promise<ActivationsMessage> {
    await this.#faults.before(request.step);
    return this.#faults.after(request.step, await super.startVisit(request));
  }

  override async trainStep(request: GradientsMessage): Promise<ActivationsMessage | null> {
    await this.#faults.before(request.step);
    return this.#faults.after(request.step + 1, await super.trainStep(request));
  }
}

/** The faults of one client; each fires once in a run, also where a fresh thread comes to the same batch again. */
class Faults {
  readonly #client: number;
  readonly #faults: readonly Fault[];
  readonly #fired: Int32Array<SharedArrayBuffer>;

  constructor(client: number, { faults, firedFaults }: ThreadSetup) {
    this.#client = client;
    this.#faults = faults;
    this.#fired = firedFaults;
  }

  /** True once, where the moment of such a fault has come. */
  fires(kind: Fault['kind'], step: number): boolean {
    return this.#faults.some(
      (fault, index) =>
        fault.kind === kind &&
        fault.client === this.#client &&
        fault.step === step &&
        Atomics.exchange(this.#fired, index, 1) === 0,
    );
  }

  async before(step: number): Promise<void> {
    const slow = this.#faults.find(({ kind, client }) => kind === 'slow' && client === this.#client);
    if (slow) await setTimeout(slow.delayMs);
    if (this.fires('kill', step)) process.exit();
    // Nobody wakes it: the thread hangs until it is ended from outside.
    if (this.fires('hang', step)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }

  after<T extends ActivationsMessage | null>(step: number, message: T): T {
    if (message && this.fires('nan', step)) new Float32Array(message.z.data)[0] = NaN;
    return message;
  }
}

/** One bit of the weights changes on the way. */
function corrupted(parcel: HeadParcel): HeadParcel {
  const bytes = new Uint8Array(parcel.weights);
  bytes[bytes.length >> 1] ^= 1;
  return parcel;
}
