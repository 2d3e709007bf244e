import { setTimeout } from 'node:timers/promises';
import type { Tally } from '../core/tally.js';
import type { Shard } from '../data/splits/data_split.js';
import type { Fault } from '../link/faults.js';
import type { ActivationsMessage, AloneRequest, GradientsMessage, VisitRequest } from '../link/messages.js';
import type { Parcel } from '../link/parcels.js';
import { Client, type ClientSurroundings } from './client.js';

/** A client at which things go wrong on purpose. */
export class FaultyClient extends Client {
  readonly #faults: Faults;

  constructor(client: number, shard: Shard, around: ClientSurroundings) {
    const faults = new Faults(client, around);
    const exchange = {
      send: (parcel: Parcel) => {
        around.exchange.send(faults.corrupts(parcel) ? corrupted(parcel) : parcel);
      },
      receive: (to: number) => around.exchange.receive(to),
    };
    super(client, shard, { ...around, exchange });
    this.#faults = faults;
  }

  override async startVisit(request: VisitRequest): Promise<ActivationsMessage | null> {
    await this.#faults.before(request.step);
    return this.#faults.after(request.step, await super.startVisit(request));
  }

  override async trainStep(request: GradientsMessage): Promise<ActivationsMessage | null> {
    await this.#faults.before(request.step);
    return this.#faults.after(request.nextStep, await super.trainStep(request));
  }

  override async trainAlone(request: AloneRequest): Promise<Tally> {
    await this.#faults.before(request.step);
    const counted = await super.trainAlone(request);
    return this.#faults.fires('nan', request.step) ? { ...counted, lossSum: NaN } : counted;
  }
}

/** The faults of one client; each fires once in a run, also where a fresh thread comes to the same batch again. */
class Faults {
  readonly #client: number;
  readonly #faults: readonly Fault[];
  readonly #fired: Int32Array<SharedArrayBuffer>;
  readonly #serving: ClientSurroundings['serving'];

  constructor(client: number, { setup: { faults, firedFaults }, serving }: ClientSurroundings) {
    this.#client = client;
    this.#serving = serving;
    this.#faults = faults;
    this.#fired = firedFaults;
  }

  /** True once, where the moment of such a fault has come. */
  fires(kind: Fault['kind'], step: number, parcel?: Fault['parcel']): boolean {
    return this.#faults.some(
      (fault, index) =>
        fault.kind === kind &&
        fault.client === this.#client &&
        fault.step === step &&
        (parcel === undefined || fault.parcel === parcel) &&
        Atomics.exchange(this.#fired, index, 1) === 0,
    );
  }

  corrupts(parcel: Parcel): boolean {
    return this.fires('corrupt', parcel.step, 'vectors' in parcel ? 'sum' : 'head');
  }

  async before(step: number): Promise<void> {
    const slow = this.#faults.find(({ kind, client }) => kind === 'slow' && client === this.#client);
    if (slow) await setTimeout(slow.delayMs);
    this.#serving(this.#client);
    if (this.fires('kill', step)) process.exit();
    // Nobody wakes it: the thread hangs until it is ended from outside.
    if (this.fires('hang', step)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }

  after<T extends ActivationsMessage | null>(step: number | null, message: T): T {
    if (message && step !== null && this.fires('nan', step)) new Float32Array(message.z.data)[0] = NaN;
    return message;
  }
}

/** One bit of the weights changes on the way. */
function corrupted(parcel: Parcel): Parcel {
  const [first] = 'vectors' in parcel ? parcel.vectors : [parcel.segments[0].weights];
  const bytes = new Uint8Array(first);
  bytes[bytes.length >> 1] ^= 1;
  return parcel;
}
