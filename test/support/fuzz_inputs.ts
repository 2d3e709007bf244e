import fc from 'fast-check';

/** Bytes of any kind, and whole files with a few changes of the kinds that damage makes. */
export function damagedFiles(files: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    {
      weight: 9,
      arbitrary: fc
        .tuple(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 4 }))
        .map(([file, changes]) => changes.reduce((bytes, apply) => apply(bytes), file)),
    },
  );
}

type Change = (file: Uint8Array) => Uint8Array;

/** Headers and footers are where the lengths are. */
const place = fc.oneof(
  fc.nat().map((at) => (length: number) => at % (length + 1)),
  fc.nat(200).map((at) => (length: number) => Math.min(at, length)),
  fc.nat(400).map((back) => (length: number) => Math.max(0, length - back)),
);

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(
    ([at, mask]): Change =>
      (file) =>
        spliced(file, at(file.length), 1, [(file[at(file.length)] ?? 0) ^ mask]),
  ),
  // Numbers at which lengths and counts overflow, in both orders of bytes.
  fc
    .tuple(place, fc.constantFrom('00000000', 'ffffffff', '7fffffff', 'ffffff7f', '80000000', '00000080'))
    .map(
      ([at, hex]): Change =>
        (file) =>
          spliced(file, at(file.length), 4, Buffer.from(hex, 'hex')),
    ),
  place.map(
    (at): Change =>
      (file) =>
        file.slice(0, at(file.length)),
  ),
  fc.tuple(place, fc.nat(64), fc.uint8Array({ maxLength: 64 })).map(
    ([at, numRemoved, added]): Change =>
      (file) =>
        spliced(file, at(file.length), numRemoved, added),
  ),
);

function spliced(file: Uint8Array, at: number, numRemoved: number, added: ArrayLike<number>): Uint8Array {
  return Buffer.concat([file.subarray(0, at), Uint8Array.from(added), file.subarray(at + numRemoved)]);
}

const DEEP = '@deep@';
const PROTO = '@proto@';

/** JSON of a value in which one part is another, is missing, nests deeply, or names prototypes. */
export function damagedJson(value: unknown): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...placesIn(value)), strange)
    .map(([at, other]) => textOf(replaced(value, at, other)));
}

const strange: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(undefined, null, DEEP, PROTO, '', 'constructor', true, {}, [], [[]]),
  fc.constantFrom(-1, 0, 0.5, 1, 2, 256, 2 ** 31, 2 ** 32, 2 ** 53, 1e308),
  fc.jsonValue({ maxDepth: 2 }),
);

/** As text, in which there is room for what no object of this program would hold. */
function textOf(value: unknown): string {
  const nested = '['.repeat(20_000) + ']'.repeat(20_000);
  const text = (JSON.stringify(value) as string | undefined) ?? '';
  return text
    .replaceAll(JSON.stringify(DEEP), nested)
    .replaceAll(
      JSON.stringify(PROTO),
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    );
}

/** A place inside a value: the keys that lead there. */
type Keys = readonly string[];

/** All places, but of a long list only the first ones. */
function placesIn(value: unknown): Keys[] {
  if (typeof value !== 'object' || value === null) return [[]];
  const inside = Object.entries(value).slice(0, 30);
  return [[], ...inside.flatMap(([key, part]) => placesIn(part).map((keys) => [key, ...keys]))];
}

function replaced(value: unknown, keys: Keys, other: unknown): unknown {
  if (keys.length === 0) return other;
  const [key, ...rest] = keys;
  const part = replaced((value as Record<string, unknown>)[key], rest, other);
  return Array.isArray(value) ? value.with(Number(key), part) : { ...(value as object), [key]: part };
}
