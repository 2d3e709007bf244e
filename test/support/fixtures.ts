import { readFileSync } from 'node:fs';

/** Tests run from build/test/support/; fixtures stay where they are. */
const folder = new URL('../../../test/fixtures/', import.meta.url);

export function readFixture(name: string): Buffer {
  return readFileSync(new URL(name, folder));
}

/** A list of cases that `make_fixtures.py` wrote. */
export function readCases(name: string): unknown[] {
  return (JSON.parse(readFixture(name).toString()) as { cases: unknown[] }).cases;
}

/** Names and shapes of a safetensors file, which opens with the length of a JSON header and that header. */
export function readTensorShapes(name: string): ReadonlyMap<string, readonly number[]> {
  const file = readFixture(name);
  const header = file.subarray(8, 8 + Number(file.readBigUInt64LE(0))).toString();
  const entries = JSON.parse(header) as Record<string, { shape: number[] }>;
  return new Map(Object.entries(entries).map(([tensor, { shape }]) => [tensor, shape]));
}
