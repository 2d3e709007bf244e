import { crc32 } from 'node:zlib';
import { parquetHeader } from 'hyparquet/src/column.js';
import { readRuns } from './parquet_runs.js';
import { decompressSnappy } from './snappy.js';

/** How the values of one column are stored. */
export interface ColumnFormat<Value> {
  readonly codec: string;
  /** Of the innermost level: as many as there are optional groups on the way to it, itself included. */
  readonly maxDefinitionLevel: number;
  /** Reads values stored one after the other, and must use up all the bytes. */
  readonly readPlain: (bytes: Buffer, numValues: number) => Value[];
}

/**
 * The values of a column chunk without repetition, in which none may be missing. Throws Error, in bounded time and memory, where
 * the bytes contradict themselves or are stored in a way that is not supported. (hyparquet reads the headers; it reads pages too,
 * but trusts their lengths and runs: some damaged files would keep it busy for ever, or give it dictionary numbers for values.)
 */
export function readColumnChunk<Value>(
  chunk: Buffer,
  numValues: number,
  format: ColumnFormat<Value>,
): Value[] {
  const values: Value[] = [];
  let dictionary: Value[] | undefined;
  for (let at = 0; values.length < numValues;) {
    const page = readPage(chunk, at, format);
    at = page.end;
    if (page.isDictionary) {
      if (dictionary || values.length > 0) throw new Error('it has a dictionary in the wrong place');
      dictionary = format.readPlain(page.bytes, page.numValues);
      continue;
    }
    if (page.numValues > numValues - values.length)
      throw new Error(`it has more than the ${numValues} values that it should have`);
    checkLevels(page.levels, page.numValues, format.maxDefinitionLevel);
    const more =
      page.encoding === 'PLAIN'
        ? format.readPlain(page.bytes, page.numValues)
        : lookUp(page.bytes, page.numValues, dictionary, page.encoding);
    for (const value of more) values.push(value);
  }
  return values;
}

interface Page {
  readonly isDictionary: boolean;
  readonly numValues: number;
  readonly encoding: string;
  /** Definition levels, run by run. */
  readonly levels: Buffer;
  readonly bytes: Buffer;
  /** Where the next page begins. */
  readonly end: number;
}

function readPage<Value>(
  chunk: Buffer,
  start: number,
  { codec, maxDefinitionLevel }: ColumnFormat<Value>,
): Page {
  const reader = { view: new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength), offset: start };
  const header = parquetHeader(reader);
  const end = reader.offset + size(header.compressed_page_size);
  if (end > chunk.length) throw new Error('its pages are longer than the column');
  const stored = chunk.subarray(reader.offset, end);
  if (header.crc !== undefined && crc32(stored) !== header.crc >>> 0)
    throw new Error('the checksum of a page is wrong');
  const fullSize = size(header.uncompressed_page_size);

  if (header.type === 'DATA_PAGE_V2' && header.data_page_header_v2) {
    const { num_values, encoding, is_compressed, ...lengths } = header.data_page_header_v2;
    const levelsLength = size(lengths.definition_levels_byte_length);
    if (lengths.repetition_levels_byte_length !== 0 || levelsLength > Math.min(stored.length, fullSize))
      throw new Error('a page has impossible levels');
    const bytes = decompress(
      stored.subarray(levelsLength),
      fullSize - levelsLength,
      is_compressed === false ? 'UNCOMPRESSED' : codec,
    );
    return {
      isDictionary: false,
      numValues: size(num_values),
      encoding,
      levels: stored.subarray(0, levelsLength),
      bytes,
      end,
    };
  }
  const bytes = decompress(stored, fullSize, codec);
  if (header.type === 'DATA_PAGE' && header.data_page_header) {
    const { num_values, encoding, definition_level_encoding } = header.data_page_header;
    const page = { isDictionary: false, numValues: size(num_values), encoding, end };
    if (maxDefinitionLevel === 0) return { ...page, levels: bytes.subarray(0, 0), bytes };
    if (definition_level_encoding !== 'RLE')
      throw new Error(`levels stored as ${definition_level_encoding} are not supported`);
    const levelsEnd = 4 + bytes.readUInt32LE(0);
    if (levelsEnd > bytes.length) throw new Error('a page has impossible levels');
    return { ...page, levels: bytes.subarray(4, levelsEnd), bytes: bytes.subarray(levelsEnd) };
  }
  if (header.type === 'DICTIONARY_PAGE' && header.dictionary_page_header) {
    const { num_values, encoding } = header.dictionary_page_header;
    if (encoding !== 'PLAIN' && encoding !== 'PLAIN_DICTIONARY')
      throw new Error(`a dictionary stored as ${encoding} is not supported`);
    return {
      isDictionary: true,
      numValues: size(num_values),
      encoding,
      levels: bytes.subarray(0, 0),
      bytes,
      end,
    };
  }
  throw new Error(`pages of type ${header.type} are not supported`);
}

/** A size in a page header; the type's word that it is there is no more than a hope. */
function size(value: number | undefined): number {
  if (value === undefined || !(value >= 0)) throw new Error('a page announces an impossible size');
  return value;
}

function decompress(bytes: Buffer, fullSize: number, codec: string): Buffer {
  if (codec === 'SNAPPY') return Buffer.from(decompressSnappy(bytes, fullSize).buffer);
  if (codec !== 'UNCOMPRESSED')
    throw new Error(`compression by ${codec} is not supported (SNAPPY and none are)`);
  if (bytes.length !== fullSize) throw new Error(`a page has ${bytes.length} bytes instead of ${fullSize}`);
  return bytes;
}

function checkLevels(levels: Buffer, numValues: number, maxLevel: number): void {
  if (maxLevel === 0) return;
  const missing = readRuns(levels, numValues, 32 - Math.clz32(maxLevel)).findIndex(
    (level) => level !== maxLevel,
  );
  if (missing >= 0) throw new Error(`value ${missing} of a page is missing`);
}

function lookUp<Value>(
  bytes: Buffer,
  numValues: number,
  dictionary: Value[] | undefined,
  encoding: string,
): Value[] {
  if (encoding !== 'RLE_DICTIONARY' && encoding !== 'PLAIN_DICTIONARY')
    throw new Error(`values stored as ${encoding} are not supported (PLAIN and RLE_DICTIONARY are)`);
  if (!dictionary) throw new Error('its dictionary is missing');
  return Array.from(readRuns(bytes.subarray(1), numValues, bytes.readUInt8(0)), (at) => {
    if (at >= dictionary.length)
      throw new Error(`value ${at} is not in its dictionary of ${dictionary.length}`);
    return dictionary[at];
  });
}
