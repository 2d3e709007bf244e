// Shape legend: B batch, C channels, H height, W width
import { ProtocolError } from '../core/errors.js';
import type { Tensor } from '../core/shapes.js';
import type { Position } from '../link/messages.js';

export interface Batch {
  readonly x_BCHW: Tensor;
  readonly labels_B: Int32Array<ArrayBuffer>;
}

/** A client's way through the batches of a turn, in step with the server. */
export class Visit {
  readonly #client: number;
  readonly #generation: number;
  /** Those that are still to come; gathered when asked for. */
  readonly #batches: Iterator<Batch, void>;
  /** The next one, gathered while the server worked. */
  #ahead: IteratorResult<Batch, void> | undefined;
  /** Undefined when the visit is over. */
  #batch: Batch | undefined;
  /** Of that batch; null when the visit is over. */
  #step: number | null;

  /** Takes the first batch. Throws ProtocolError where there is none. */
  constructor(client: number, { generation, step }: Position, batches: Iterator<Batch, void>) {
    const first = batches.next();
    if (first.done) throw notDue(client, 'a visit without a batch');
    this.#client = client;
    this.#generation = generation;
    this.#batches = batches;
    this.#batch = first.value;
    this.#step = step;
  }

  /** The batch that is under way, which must be the one that the server means. Throws ProtocolError. */
  due({ generation, step }: Position): Batch {
    if (this.#generation !== generation || this.#step !== step || !this.#batch)
      throw notDue(this.#client, `work of step ${step}`);
    return this.#batch;
  }

  /** Takes the next batch, whose step the server names; both sides must agree whether there is one. Throws ProtocolError. */
  goOn(nextStep: number | null): Batch | null {
    const next = this.#ahead ?? this.#batches.next();
    this.#ahead = undefined;
    if (next.done !== (nextStep === null))
      throw notDue(this.#client, next.done ? `step ${nextStep ?? ''} after its last batch` : 'an early end');
    this.#step = nextStep;
    this.#batch = next.value ?? undefined;
    return this.#batch ?? null;
  }

  /** To be called when there is time. */
  gatherAhead(): void {
    this.#ahead ??= this.#batches.next();
  }
}

export function notDue(client: number, what: string): ProtocolError {
  return new ProtocolError('ERR_NOT_DUE', `Client ${client} was sent ${what}, which is not due.`, { client });
}
