import type { SchemaTree } from 'hyparquet';
import type { ColumnFormat } from './parquet_pages.js';

/** A column of the file, whose codec may differ between row groups. */
export interface Column<Value> extends Omit<ColumnFormat<Value>, 'codec'> {
  readonly name: string;
}

/** The columns that are read. */
export interface Columns {
  readonly pngs: Column<Buffer>;
  readonly writers: Column<string>;
  readonly labels: Column<number>;
}

/** Finds `image.bytes`, `writer_id` and `character`. Throws Error where one is missing, repeated or of another type. */
export function findColumns(schema: SchemaTree): Columns {
  const pngs = findColumn(schema, 'image.bytes', ['BYTE_ARRAY']);
  const writers = findColumn(schema, 'writer_id', ['BYTE_ARRAY']);
  const labels = findColumn(schema, 'character', ['INT64', 'INT32']);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return {
    pngs: { ...pngs, readPlain: readByteArrays },
    writers: {
      ...writers,
      readPlain: (bytes, count) => readByteArrays(bytes, count).map((text) => decoder.decode(text)),
    },
    labels: { ...labels, readPlain: labels.type === 'INT64' ? readInt64s : readInt32s },
  };
}

function findColumn(schema: SchemaTree, name: string, types: readonly string[]) {
  let node = schema;
  let maxDefinitionLevel = 0;
  for (const part of name.split('.')) {
    const child = node.children.find(({ element }) => element.name === part);
    const repetition = child?.element.repetition_type;
    if (!child || (repetition !== 'OPTIONAL' && repetition !== 'REQUIRED'))
      throw new Error(
        `"${name}" is not there once a row, beside ${schema.children.map(({ element }) => element.name).join(', ')}`,
      );
    if (repetition === 'OPTIONAL') maxDefinitionLevel++;
    node = child;
  }
  const { type } = node.element;
  if (!type || !types.includes(type))
    throw new Error(`"${name}" is of type ${type ?? 'group'} instead of ${types.join(' or ')}`);
  return { name, maxDefinitionLevel, type };
}

function readByteArrays(bytes: Buffer, numValues: number): Buffer[] {
  const values: Buffer[] = [];
  let at = 0;
  while (values.length < numValues) {
    const begin = at + 4;
    at = begin + bytes.readUInt32LE(at);
    if (at > bytes.length) throw new Error('a value is longer than its page');
    values.push(bytes.subarray(begin, at));
  }
  if (at !== bytes.length) throw new Error(`a page has ${bytes.length - at} bytes after its values`);
  return values;
}

function readInt64s(bytes: Buffer, numValues: number): number[] {
  if (bytes.length !== 8 * numValues)
    throw new Error(`a page of ${numValues} values has ${bytes.length} bytes`);
  return Array.from({ length: numValues }, (_, value) => Number(bytes.readBigInt64LE(8 * value)));
}

function readInt32s(bytes: Buffer, numValues: number): number[] {
  if (bytes.length !== 4 * numValues)
    throw new Error(`a page of ${numValues} values has ${bytes.length} bytes`);
  return Array.from({ length: numValues }, (_, value) => bytes.readInt32LE(4 * value));
}
