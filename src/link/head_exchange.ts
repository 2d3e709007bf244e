import { createHash } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import { ProtocolError } from '../core/errors.js';
import type { SegmentState } from '../engine/engine.js';
import type { HandOverReceipt, HandOverRequest } from './messages.js';
import { movables } from './wire.js';

/** More layer groups, or slots of one, than any network has. */
const MAX_GROUPS = 10_000;

/** A head on its way from client to client. */
export interface HeadParcel extends HandOverRequest {
  readonly sha256: string;
  readonly weights: ArrayBuffer;
  /** One per layer group; empty where only the weights move. */
  readonly optimizers: readonly { readonly step: number; readonly slots: readonly ArrayBuffer[] }[];
}

/**
 * The mail between clients: straight from thread to thread, over a port for each pair of threads that the server does not
 * hold. Between clients of one thread the same code runs without a port.
 */
export class HeadExchange {
  readonly #threadOf: (client: number) => number;
  readonly #thread: number;
  readonly #ports: ReadonlyMap<number, MessagePort>;
  readonly #arrived = new Map<number, HeadParcel>();
  readonly #waiting = new Map<number, (parcel: HeadParcel) => void>();

  constructor(thread: number, threadOf: (client: number) => number, ports: ReadonlyMap<number, MessagePort>) {
    this.#thread = thread;
    this.#threadOf = threadOf;
    this.#ports = ports;
    for (const port of ports.values()) {
      port.on('message', (parcel: HeadParcel) => {
        this.#deliver(parcel);
      });
    }
  }

  /** Sends a head; its buffers are moved. */
  send(parcel: HeadParcel): void {
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

  /** The next head for this client, when it is there. */
  receive(client: number): Promise<HeadParcel> {
    const parcel = this.#arrived.get(client);
    this.#arrived.delete(client);
    return parcel ? Promise.resolve(parcel) : new Promise((resolve) => this.#waiting.set(client, resolve));
  }

  close(): void {
    for (const port of this.#ports.values()) port.close();
  }

  #deliver(parcel: HeadParcel): void {
    const take = this.#waiting.get(parcel.to);
    this.#waiting.delete(parcel.to);
    if (take) take(parcel);
    else this.#arrived.set(parcel.to, parcel);
  }
}

/** Packs a head; the state's buffers become the parcel's. */
export function packHead(request: HandOverRequest, state: SegmentState): HeadParcel {
  const content = {
    weights: state.weights.buffer,
    optimizers: state.optimizers.map(({ step, slots }) => ({
      step,
      slots: slots.map(({ buffer }) => buffer),
    })),
  };
  return { ...request, ...content, sha256: checksum(content) };
}

/** The head in a parcel that must be the one both sides were told of. Throws ProtocolError, with nothing changed. */
export function unpackHead(parcel: HeadParcel, expected: HandOverRequest): SegmentState {
  if (!isParcel(parcel)) throw refused(expected, 'it is not made of whole numbers and float32 values');
  for (const key of ['generation', 'step', 'round', 'from', 'to', 'handoff'] as const) {
    if (parcel[key] !== expected[key])
      throw refused(expected, `its ${key} is ${shown(parcel[key])} instead of ${expected[key]}`);
  }
  if (checksum(parcel) !== parcel.sha256) throw refused(expected, 'its SHA-256 differs from its contents');
  return {
    weights: new Float32Array(parcel.weights),
    optimizers: parcel.optimizers.map(({ step, slots }) => ({
      step,
      slots: slots.map((slot) => new Float32Array(slot)),
    })),
  };
}

/** Of what another thread posted, whatever that is. */
function isParcel(parcel: unknown): boolean {
  const { weights, optimizers } = (parcel ?? {}) as Readonly<Record<string, unknown>>;
  const isFloats = (value: unknown) => value instanceof ArrayBuffer && value.byteLength % 4 === 0;
  const isOptimizer = (value: unknown) => {
    const { step, slots } = (value ?? {}) as Readonly<Record<string, unknown>>;
    return Number.isSafeInteger(step) && isListOf(slots, isFloats);
  };
  return isFloats(weights) && isListOf(optimizers, isOptimizer);
}

/** Short enough to be looked through, and without holes. */
function isListOf(value: unknown, isEntry: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= MAX_GROUPS && [...(value as unknown[])].every(isEntry);
}

/** What cannot be a text by itself is named by its type. */
function shown(value: unknown): string {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : `of type ${typeof value}`;
}

export function receiptOf({ sha256, weights, optimizers }: HeadParcel): HandOverReceipt {
  const buffers = [weights, ...optimizers.flatMap(({ slots }) => slots)];
  return { sha256, sizeBytes: buffers.reduce((sum, { byteLength }) => sum + byteLength, 0) };
}

function checksum({ weights, optimizers }: Pick<HeadParcel, 'weights' | 'optimizers'>): string {
  const hash = createHash('sha256').update(new Uint8Array(weights));
  for (const { step, slots } of optimizers) {
    hash.update(`step ${step}`);
    for (const slot of slots) hash.update(new Uint8Array(slot));
  }
  return hash.digest('hex');
}

function refused({ from, to }: HandOverRequest, why: string): ProtocolError {
  return new ProtocolError(
    'ERR_HAND_OVER',
    `Client ${to} refused the head from client ${from}: ${why}. It was not applied.`,
    { from, to },
  );
}
