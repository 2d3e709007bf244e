import { DataError } from './errors.js';
import { formatShape, numElements, type Shape } from './shapes.js';

/** Element types of the format that are read and written here, with their array classes. */
const arrayTypes = { F32: Float32Array, I32: Int32Array, U8: Uint8Array } as const;
type DType = keyof typeof arrayTypes;

/** A tensor in a safetensors file. */
export interface StoredTensor {
  readonly shape: Shape;
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;
}

const MAX_HEADER_BYTES = 100_000_000;
/** Fills the header up to a multiple of 8 bytes. */
const SPACE = 0x20;

/**
 * A safetensors file (little-endian header length, JSON header, raw data): names in the order given, data aligned to 8
 * bytes, as the format's own library and PyTorch read it.
 */
export function encodeSafetensors(tensors: ReadonlyMap<string, StoredTensor>): Uint8Array<ArrayBuffer> {
  let end = 0;
  const entries = [...tensors].map(([name, { shape, data }]) => {
    const begin = end;
    end += data.byteLength;
    return [name, { dtype: dtypeOf(data), shape, data_offsets: [begin, end] }] as const;
  });
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const header = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(SPACE);
  header.set(json);
  const file = new Uint8Array(8 + header.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  let offset = 8 + header.length;
  for (const { data } of tensors.values()) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}

/**
 * Reads a safetensors file; `source` names it in errors. Nothing is allocated before the header's claims are checked against
 * the file: lengths, offsets without gap or overlap, shapes that match. Throws DataError.
 */
export function decodeSafetensors(file: Uint8Array, source: string): Map<string, StoredTensor> {
  const { entries, body } = readHeader(file, source);
  const tensors = new Map<string, StoredTensor>();
  let covered = 0;
  const ordered = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  for (const { name, dtype, shape, begin, end } of ordered) {
    const ArrayType = arrayTypes[dtype];
    if (begin !== covered || end < begin || end > body.length)
      throw damaged(source, `tensor "${name}" claims bytes ${begin} to ${end} of ${body.length}`);
    if (end - begin !== numElements(shape) * ArrayType.BYTES_PER_ELEMENT)
      throw damaged(source, `tensor "${name}" of shape ${formatShape(shape)} has ${end - begin} bytes`);
    tensors.set(name, { shape, data: new ArrayType(body.slice(begin, end).buffer) });
    covered = end;
  }
  if (covered !== body.length)
    throw damaged(source, `${body.length - covered} bytes at its end belong to no tensor`);
  return tensors;
}

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

function readHeader(given: Uint8Array, source: string): { entries: Entry[]; body: Uint8Array } {
  // A plain view: `slice` of Node's Buffer would share its memory.
  const file = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (file.length < 8) throw damaged(source, `it has ${file.length} bytes`);
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(file.length - 8, MAX_HEADER_BYTES)))
    throw damaged(source, `its header claims ${length.toString()} bytes of ${file.length}`);
  const bodyOffset = 8 + Number(length);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file.subarray(8, bodyOffset)));
  } catch (error) {
    throw damaged(source, 'its header is not JSON', error);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw damaged(source, 'its header is not a JSON object');
  const named = Object.entries(header as Record<string, unknown>).filter(([name]) => name !== '__metadata__');
  return {
    entries: named.map(([name, entry]) => readEntry(name, entry, source)),
    body: file.subarray(bodyOffset),
  };
}

function readEntry(name: string, entry: unknown, source: string): Entry {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== 'string' || !Object.hasOwn(arrayTypes, dtype)) {
    const found = typeof dtype === 'string' ? `of type ${dtype}` : 'without a type';
    throw damaged(source, `tensor "${name}" is ${found}, not of one of F32, I32, U8`);
  }
  if (!isListOfSizes(shape) || !isListOfSizes(offsets) || offsets.length !== 2)
    throw damaged(source, `the header's entry of tensor "${name}" has no shape or offsets`);
  return { name, dtype: dtype as DType, shape, begin: offsets[0], end: offsets[1] };
}

function isListOfSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

/** The format's name of an array's element type. */
export function dtypeOf(data: StoredTensor['data']): DType {
  if (data instanceof Float32Array) return 'F32';
  return data instanceof Int32Array ? 'I32' : 'U8';
}

function damaged(source: string, why: string, cause?: unknown): DataError {
  return new DataError(
    'ERR_SAFETENSORS',
    `"${source}" is not a whole safetensors file: ${why}. Make it again, or copy it again from where it came.`,
    { source },
    { cause },
  );
}
