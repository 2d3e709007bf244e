import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a record of an event file says; numbers of steps are small here. */
export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion?: string;
  readonly values: readonly ReadValue[];
}

export interface ReadValue {
  readonly tag: string;
  readonly plugin?: string;
  readonly scalar?: number;
  readonly text?: string;
  readonly image?: { readonly height: number; readonly width: number; readonly png: Uint8Array };
}

/** The only event file in a folder. */
export function onlyEventFile(folder: string): string {
  const names = readdirSync(folder);
  expect(names).to.have.length(1);
  return join(folder, names[0]);
}

export function readEvents(path: string): readonly ReadEvent[] {
  return readRecords(readFileSync(path)).map(readEvent);
}

/** The points of every curve by its tag: [step, value]. */
export function curvesOf(events: readonly ReadEvent[]): Readonly<Record<string, [number, number][]>> {
  const curves: Record<string, [number, number][]> = {};
  for (const { step, values } of events)
    for (const { tag, scalar } of values) if (scalar !== undefined) (curves[tag] ??= []).push([step, scalar]);
  return curves;
}

/** Takes a TFRecord file apart, checking every length and both sums. */
export function readRecords(file: Buffer): readonly Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const end = at + 12 + Number(file.readBigUInt64LE(at));
    expect(end + 4, 'end of a record').to.be.at.most(file.length);
    expect(file.readUInt32LE(at + 8), 'sum of a length').to.equal(masked(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, end);
    expect(file.readUInt32LE(end), 'sum of data').to.equal(masked(data));
    records.push(data);
    at = end + 4;
  }
  return records;
}

/** CRC-32C bit by bit (RFC 3720, appendix B.4: reflected polynomial 0x82f63b78), masked as TensorFlow does. */
function masked(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  const rotated = BigInt(~crc >>> 0);
  return Number(BigInt.asUintN(32, ((rotated >> 15n) | (rotated << 17n)) + 0xa282ead8n));
}

/** Field numbers are those of TensorBoard's event.proto, summary.proto and tensor.proto. */
function readEvent(record: Buffer): ReadEvent {
  const fields = readMessage(record);
  const summary = bytes(fields, 5);
  return {
    wallTime: bytes(fields, 1)?.readDoubleLE() ?? 0,
    step: number(fields, 2) ?? 0,
    ...optional('fileVersion', bytes(fields, 3)?.toString()),
    values: summary ? repeated(readMessage(summary), 1).map(readValue) : [],
  };
}

function readValue(message: Buffer): ReadValue {
  const fields = readMessage(message);
  const metadata = bytes(fields, 9);
  const pluginData = metadata && bytes(readMessage(metadata), 1);
  const tensor = bytes(fields, 8);
  const image = bytes(fields, 4);
  return {
    tag: bytes(fields, 1)?.toString() ?? '',
    ...optional('plugin', pluginData && bytes(readMessage(pluginData), 1)?.toString()),
    ...optional('scalar', bytes(fields, 2)?.readFloatLE()),
    ...optional('text', tensor && readText(tensor)),
    ...optional('image', image && readImage(image)),
  };
}

/** A scalar tensor (shape without dimensions) of type 7, string. */
function readText(message: Buffer): string | undefined {
  const fields = readMessage(message);
  expect(number(fields, 1), 'type of the tensor').to.equal(7);
  expect(bytes(fields, 2), 'shape of the tensor').to.have.length(0);
  return bytes(fields, 8)?.toString();
}

function readImage(message: Buffer): ReadValue['image'] {
  const fields = readMessage(message);
  const [height, width, png] = [number(fields, 1), number(fields, 2), bytes(fields, 4)];
  return height !== undefined && width !== undefined && png ? { height, width, png } : undefined;
}

type Field = readonly [id: number, content: number | Buffer];

/** The fields of a protocol buffer: varints as numbers, all else as bytes. */
function readMessage(message: Buffer): readonly Field[] {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  const take = (length: number) => message.subarray(at, (at += length));
  const fields: Field[] = [];
  while (at < message.length) {
    const key = varint();
    const wireType = key & 7;
    const lengths: Readonly<Record<number, () => number>> = { 1: () => 8, 2: varint, 5: () => 4 };
    fields.push([key >>> 3, wireType === 0 ? varint() : take(lengths[wireType]())]);
  }
  expect(at, 'end of a message').to.equal(message.length);
  return fields;
}

const bytes = (fields: readonly Field[], id: number) => repeated(fields, id).at(0);
const repeated = (fields: readonly Field[], id: number) =>
  fields.flatMap(([each, content]) => (each === id && Buffer.isBuffer(content) ? [content] : []));
const number = (fields: readonly Field[], id: number) =>
  fields.flatMap(([each, content]) => (each === id && typeof content === 'number' ? [content] : [])).at(0);
const optional = <K extends string, V>(key: K, value: V | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { readonly [_ in K]?: V };
