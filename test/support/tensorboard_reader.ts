import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allBytesOf, bytesOf, numberOf, readMessage } from './protobuf_reader.js';

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
  const summary = bytesOf(fields, 5);
  return {
    wallTime: bytesOf(fields, 1)?.readDoubleLE() ?? 0,
    step: numberOf(fields, 2) ?? 0,
    ...optional('fileVersion', bytesOf(fields, 3)?.toString()),
    values: summary ? allBytesOf(readMessage(summary), 1).map(readValue) : [],
  };
}

function readValue(message: Buffer): ReadValue {
  const fields = readMessage(message);
  const metadata = bytesOf(fields, 9);
  const pluginData = metadata && bytesOf(readMessage(metadata), 1);
  const tensor = bytesOf(fields, 8);
  const image = bytesOf(fields, 4);
  return {
    tag: bytesOf(fields, 1)?.toString() ?? '',
    ...optional('plugin', pluginData && bytesOf(readMessage(pluginData), 1)?.toString()),
    ...optional('scalar', bytesOf(fields, 2)?.readFloatLE()),
    ...optional('text', tensor && readText(tensor)),
    ...optional('image', image && readImage(image)),
  };
}

/** A scalar tensor (shape without dimensions) of type 7, string. */
function readText(message: Buffer): string | undefined {
  const fields = readMessage(message);
  expect(numberOf(fields, 1), 'type of the tensor').to.equal(7);
  expect(bytesOf(fields, 2), 'shape of the tensor').to.have.length(0);
  return bytesOf(fields, 8)?.toString();
}

function readImage(message: Buffer): ReadValue['image'] {
  const fields = readMessage(message);
  const [height, width, png] = [numberOf(fields, 1), numberOf(fields, 2), bytesOf(fields, 4)];
  return height !== undefined && width !== undefined && png ? { height, width, png } : undefined;
}

const optional = <K extends string, V>(key: K, value: V | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { readonly [_ in K]?: V };
