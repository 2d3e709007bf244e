/** What a value of JSON should look like: a type by its name, one of several, a list of equal parts, or named parts. */
export type Shape =
  | 'number'
  | 'string'
  /** A number, text, true or false. */
  | 'scalar'
  | { readonly nullOr: Shape }
  | { readonly listOf: Shape }
  | { readonly recordOf: Shape }
  | { readonly parts: Readonly<Record<string, Shape>> };

/** Where a value first differs from a shape, and how; null where it fits. Parts that a shape does not name are ignored. */
export function misfit(value: unknown, shape: Shape, at = ''): string | null {
  if (shape === 'scalar') return isScalar(value) ? null : says(at, 'a number, text, true or false');
  if (typeof shape === 'string') return typeof value === shape ? null : says(at, `a ${shape}`);
  if ('nullOr' in shape) return value === null ? null : misfit(value, shape.nullOr, at);
  if ('listOf' in shape) {
    if (!Array.isArray(value)) return says(at, 'a list');
    return first(value.entries(), (index, entry) => misfit(entry, shape.listOf, `${at}[${index}]`));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return says(at, 'an object');
  const inside = (name: string) => (at === '' ? name : `${at}.${name}`);
  if ('recordOf' in shape)
    return first(Object.entries(value), (name, entry) => misfit(entry, shape.recordOf, inside(name)));
  return first(Object.entries(shape.parts), (name, part) =>
    misfit((value as Record<string, unknown>)[name], part, inside(name)),
  );
}

function isScalar(value: unknown): boolean {
  return ['number', 'string', 'boolean'].includes(typeof value);
}

function says(at: string, expected: string): string {
  return `${at === '' ? 'it' : `"${at}"`} is not ${expected}`;
}

function first<K, V>(
  entries: Iterable<readonly [K, V]>,
  check: (key: K, value: V) => string | null,
): string | null {
  for (const [key, value] of entries) {
    const found = check(key, value);
    if (found !== null) return found;
  }
  return null;
}
