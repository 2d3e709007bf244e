import { createHash } from 'node:crypto';
import { ProtocolError } from '../core/errors.js';
import type { SegmentState } from '../engine/engine.js';
import type { StateSum } from '../engine/mean_state.js';
import type { AverageRequest, HandOverReceipt, HandOverRequest, Position } from './messages.js';

/** More layer groups, or slots of one, than any network has. */
const MAX_PARTS = 10_000;

/** A head on its way from client to client: each segment's weights, and its optimisers where they move. */
export interface HeadParcel extends HandOverRequest {
  readonly sha256: string;
  readonly segments: readonly ParcelSegment[];
}

interface ParcelSegment {
  readonly weights: ArrayBuffer;
  /** One per layer group; empty where only the weights move. */
  readonly optimizers: readonly { readonly step: number; readonly slots: readonly ArrayBuffer[] }[];
}

/** A sum of heads on its way. */
export interface SumParcel extends Position {
  readonly round: number;
  readonly from: number;
  readonly to: number;
  readonly sha256: string;
  /** float64 */
  readonly vectors: readonly ArrayBuffer[];
}

export type Parcel = HeadParcel | SumParcel;

/** What arrives instead of a parcel that could not be opened on its way from another process. */
export interface RefusedParcel {
  readonly from: number;
  readonly to: number;
  /** The whole error message. */
  readonly refused: string;
}

/** Packs a head, one state a segment; the states' buffers become the parcel's. */
export function packHead(request: HandOverRequest, states: readonly SegmentState[]): HeadParcel {
  const { generation, step, round, from, to, optimizers } = request;
  const moves = (segment: number) => optimizers === 'moved' || (optimizers === 'fresh_head' && segment > 0);
  const segments = states.map((state, segment) => ({
    weights: state.weights.buffer,
    optimizers: (moves(segment) ? state.optimizers : []).map(({ step, slots }) => ({
      step,
      slots: slots.map(({ buffer }) => buffer),
    })),
  }));
  const sha256 = checksumOfHead(segments);
  return { generation, step, round, from, to, optimizers, segments, sha256 };
}

/** The head in a parcel that must be the one both sides were told of. Throws ProtocolError, with nothing changed. */
export function unpackHead(parcel: Parcel, expected: HandOverRequest): readonly SegmentState[] {
  if (!isHead(parcel)) throw refused(expected, 'it is not made of whole numbers and float32 values');
  checkKeys(parcel, expected, ['generation', 'step', 'round', 'from', 'to', 'optimizers']);
  if (checksumOfHead(parcel.segments) !== parcel.sha256)
    throw refused(expected, 'its SHA-256 differs from its contents');
  return parcel.segments.map(({ weights, optimizers }) => ({
    weights: new Float32Array(weights),
    optimizers: optimizers.map(({ step, slots }) => ({
      step,
      slots: slots.map((slot) => new Float32Array(slot)),
    })),
  }));
}

type Addressed = Pick<AverageRequest, 'generation' | 'step' | 'round'> & {
  readonly from: number;
  readonly to: number;
};

/** Packs a sum of heads; its buffers become the parcel's. */
export function packSum({ generation, step, round, from, to }: Addressed, sum: StateSum): SumParcel {
  const vectors = sum.map(({ buffer }) => buffer);
  return { generation, step, round, from, to, vectors, sha256: checksumOfSum(vectors) };
}

/** The sum in a parcel that must be the one both sides were told of, with vectors of these lengths. Throws ProtocolError. */
export function unpackSum(parcel: Parcel, expected: Addressed, lengths: readonly number[]): StateSum {
  if (!isSum(parcel)) throw refused(expected, 'it is not made of float64 values');
  checkKeys(parcel, expected, ['generation', 'step', 'round', 'from', 'to']);
  if (checksumOfSum(parcel.vectors) !== parcel.sha256)
    throw refused(expected, 'its SHA-256 differs from its contents');
  const sum = parcel.vectors.map((vector) => new Float64Array(vector));
  if (String(sum.map(({ length }) => length)) !== String(lengths))
    throw refused(expected, 'its vectors are not as long as those of the head');
  return sum;
}

export function receiptOf(parcel: Parcel): HandOverReceipt {
  const buffers =
    'vectors' in parcel
      ? parcel.vectors
      : parcel.segments.flatMap(({ weights, optimizers }) => [
          weights,
          ...optimizers.flatMap(({ slots }) => slots),
        ]);
  const sizeBytes = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return { sha256: parcel.sha256, sizeBytes };
}

/** Of what another thread posted, whatever that is. */
function isHead(parcel: unknown): parcel is HeadParcel {
  const { segments } = fieldsOf(parcel);
  const isOptimizer = (value: unknown) => {
    const { step, slots } = fieldsOf(value);
    return Number.isSafeInteger(step) && isListOf(slots, (slot) => isBuffer(slot, 4));
  };
  return isListOf(segments, (segment) => {
    const { weights, optimizers } = fieldsOf(segment);
    return isBuffer(weights, 4) && isListOf(optimizers, isOptimizer);
  });
}

function isSum(parcel: unknown): parcel is SumParcel {
  return isListOf(fieldsOf(parcel).vectors, (vector) => isBuffer(vector, 8));
}

/** Short enough to be looked through, and without holes. */
function isListOf(value: unknown, isEntry: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= MAX_PARTS && [...(value as unknown[])].every(isEntry);
}

/** What cannot be a text by itself is named by its type. */
function shown(value: unknown): string {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : `of type ${typeof value}`;
}

function isBuffer(value: unknown, bytesEach: number): boolean {
  return value instanceof ArrayBuffer && value.byteLength % bytesEach === 0;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function checkKeys<T extends Addressed>(parcel: T, expected: T, keys: readonly (string & keyof T)[]): void {
  for (const key of keys) {
    if (parcel[key] !== expected[key])
      throw refused(expected, `its ${key} is ${shown(parcel[key])} instead of ${shown(expected[key])}`);
  }
}

function checksumOfHead(segments: readonly ParcelSegment[]): string {
  const hash = createHash('sha256');
  for (const { weights, optimizers } of segments) {
    hash.update(new Uint8Array(weights));
    for (const { step, slots } of optimizers) {
      hash.update(`step ${step}`);
      for (const slot of slots) hash.update(new Uint8Array(slot));
    }
  }
  return hash.digest('hex');
}

function checksumOfSum(vectors: readonly ArrayBuffer[]): string {
  const hash = createHash('sha256');
  for (const vector of vectors) hash.update(new Uint8Array(vector));
  return hash.digest('hex');
}

function refused({ from, to }: { from: number; to: number }, why: string): ProtocolError {
  return new ProtocolError(
    'ERR_HAND_OVER',
    `Client ${to} refused the head from client ${from}: ${why}. It was not applied.`,
    { from, to },
  );
}
