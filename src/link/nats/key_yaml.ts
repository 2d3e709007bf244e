import { parseDocument, stringify } from 'yaml';
import { DataError } from '../../core/errors.js';

/** A file of keys: where it is, and what it says. */
export interface KeyYaml {
  readonly path: string;
  readonly content: unknown;
}

/** Parses a file of keys. Throws DataError, in which nothing of the file is quoted: a secret may stand there. */
export function parseKeyYaml(bytes: Uint8Array, path: string): KeyYaml {
  try {
    const document = parseDocument(Buffer.from(bytes).toString('utf8'), {
      logLevel: 'error',
      stringKeys: true,
    });
    if (document.errors.length === 0) return { path, content: document.toJS({ maxAliasCount: 0 }) };
  } catch {
    // What the parser says quotes the file.
  }
  throw notKeys(path, 'it is not YAML');
}

/** The texts that a mapping has for exactly these names. Throws DataError. */
export function textsOf<Name extends string>(
  { path, content }: KeyYaml,
  names: readonly Name[],
): Readonly<Record<Name, string>> {
  const isMapping = typeof content === 'object' && content !== null && !Array.isArray(content);
  const entries = isMapping ? Object.entries(content) : [];
  const isExpected = ([name, value]: [string, unknown]) =>
    (names as readonly string[]).includes(name) && typeof value === 'string';
  if (entries.length === names.length && entries.every(isExpected))
    return Object.fromEntries(entries) as Record<Name, string>;
  throw notKeys(
    path,
    `it should have the texts ${names.map((name) => `\`${name}\``).join(', ')}, and nothing else`,
  );
}

/** A file of keys with a comment on top. */
export function toKeyYaml(comment: string, content: unknown): string {
  return `# ${comment}\n${stringify(content, { lineWidth: 0 })}`;
}

/** Says that a file is not what it should be. */
export function notKeys(path: string, why: string): DataError {
  return new DataError(
    'ERR_KEY_FILE',
    `"${path}" is not a file of keys: ${why}. Make keys with \`bloom-split keys\`, and a list of public ones with \`bloom-split peers\`.`,
    { path },
  );
}
