import { open, type FileHandle } from 'node:fs/promises';
import { parquetMetadataAsync, parquetSchema, type FileMetaData, type RowGroup } from 'hyparquet';
import { messageOf } from '../../core/errors.js';
import { findColumns, type Column, type Columns } from './parquet_columns.js';
import { readColumnChunk } from './parquet_pages.js';
import { decodePicture } from './png.js';
import { badSource, isLabel, PIXELS, type RowBlock } from './rows.js';
import { isSystemError } from './system_error.js';

/** The whole set has 814,277 rows: what announces far more is no file of it. */
const MAX_ROWS = 10_000_000;
const ROWS_PER_BLOCK = 1024;

/**
 * Reads a Parquet file of flwrlabs/femnist, one row group in memory at a time: `image.bytes` (PNG), `writer_id` and `character`
 * (0 to 61). Throws DataError where it is damaged or another.
 */
export async function* readParquet(path: string): AsyncGenerator<RowBlock> {
  const file = await open(path);
  try {
    const source = { path, file, size: (await file.stat()).size };
    const metadata = await understood(path, 'it is no Parquet file', () => readMetadata(source));
    const columns = await understood(path, 'it has other columns', () =>
      findColumns(parquetSchema(metadata)),
    );
    let firstRow = 0;
    for (const [index, group] of metadata.row_groups.entries()) {
      const rows = await readGroup(source, group, columns, index);
      yield* blocksOf(path, rows, firstRow);
      firstRow += rows.labels.length;
    }
    if (firstRow !== Number(metadata.num_rows))
      throw badSource(path, `it announces ${Number(metadata.num_rows)} rows and has ${firstRow}`);
  } finally {
    await file.close();
  }
}

interface ParquetSource {
  readonly path: string;
  readonly file: FileHandle;
  readonly size: number;
}

async function readMetadata({ file, size }: ParquetSource): Promise<FileMetaData> {
  if (size < 12 || (await readRange({ file, size }, 0, 4)).toString('latin1') !== 'PAR1')
    throw new Error(`its ${size} bytes do not begin with PAR1`);
  const slice = async (start: number, end = size) => {
    const { buffer, byteOffset, byteLength } = await readRange({ file, size }, start, end);
    return buffer.slice(byteOffset, byteOffset + byteLength);
  };
  return parquetMetadataAsync({ byteLength: size, slice }, { geoparquet: false });
}

async function readRange(
  { file, size }: Pick<ParquetSource, 'file' | 'size'>,
  start: number,
  end: number,
): Promise<Buffer<ArrayBuffer>> {
  if (!(start >= 0 && start <= end && end <= size))
    throw new Error(`bytes ${start} to ${end} are not in the file`);
  const bytes = Buffer.allocUnsafeSlow(end - start);
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) throw new Error('the file became shorter while it was read');
    done += bytesRead;
  }
  return bytes;
}

interface GroupRows {
  readonly pngs: readonly Buffer[];
  readonly writers: readonly string[];
  readonly labels: readonly number[];
  readonly numBytes: number;
}

async function readGroup(
  source: ParquetSource,
  group: RowGroup,
  columns: Columns,
  index: number,
): Promise<GroupRows> {
  let numBytes = 0;
  async function values<Value>({ name, ...format }: Column<Value>): Promise<Value[]> {
    return understood(source.path, `column "${name}" of row group ${index} cannot be read`, async () => {
      const numRows = Number(group.num_rows);
      if (!(numRows >= 0 && numRows <= MAX_ROWS)) throw new Error(`it announces ${numRows} rows`);
      const chunk = group.columns.find(({ meta_data: meta }) => meta?.path_in_schema.join('.') === name);
      if (!chunk?.meta_data || chunk.file_path) throw new Error('it is not there');
      const { codec, num_values, total_compressed_size, data_page_offset, dictionary_page_offset } =
        chunk.meta_data;
      if (Number(num_values) !== numRows)
        throw new Error(`it has ${Number(num_values)} values in ${numRows} rows`);
      // Some writers give 0 where there is no dictionary.
      const start = Number(dictionary_page_offset ?? 0) || Number(data_page_offset);
      const bytes = await readRange(source, start, start + Number(total_compressed_size));
      numBytes += bytes.length;
      return readColumnChunk(bytes, numRows, { ...format, codec });
    });
  }
  const writers = await values(columns.writers);
  const labels = await values(columns.labels);
  const pngs = await values(columns.pngs);
  return { pngs, writers, labels, numBytes };
}

function* blocksOf(
  path: string,
  { pngs, writers, labels, numBytes }: GroupRows,
  firstRow: number,
): Generator<RowBlock> {
  for (let begin = 0; begin < labels.length; begin += ROWS_PER_BLOCK) {
    const end = Math.min(labels.length, begin + ROWS_PER_BLOCK);
    const pictures = new Uint8Array((end - begin) * PIXELS);
    for (let row = begin; row < end; row++) {
      const place = `row ${firstRow + row}`;
      if (!isLabel(labels[row])) throw badSource(path, `${place} has label ${labels[row]}, not 0 to 61`);
      try {
        pictures.set(decodePicture(pngs[row]), (row - begin) * PIXELS);
      } catch (error) {
        throw badSource(path, `the picture of ${place} cannot be taken: ${messageOf(error)}`, {
          cause: error,
        });
      }
    }
    const share =
      Math.floor((numBytes * end) / labels.length) - Math.floor((numBytes * begin) / labels.length);
    yield {
      writers: writers.slice(begin, end),
      labels: Uint8Array.from(labels.slice(begin, end)),
      pictures,
      numBytes: share,
    };
  }
}

/** What goes wrong in understanding is the file's fault: hyparquet throws errors of any class at damaged bytes. */
async function understood<T>(path: string, what: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw isSystemError(error) ? error : badSource(path, `${what}: ${messageOf(error)}`, { cause: error });
  }
}
