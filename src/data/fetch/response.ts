import { DataError } from '../../core/errors.js';
import { failedFetch } from './network.js';
import type { RemoteFile } from './source.js';

/** Says that what an address gives is another file than the published one. */
export function notPublished({ name, address }: RemoteFile, why: string): DataError {
  return new DataError(
    'ERR_CHECKSUM',
    `What ${address} gives is not the published "${name}": ${why}. Nothing of it was kept. Try again, or fetch from elsewhere ` +
      '(`data_mirror`).',
    { address },
  );
}

/**
 * Where in the file the bytes of an answer begin: at `asked`, or at 0 where the server sends whole files only; undefined where
 * it has no part that begins there. Throws DataError where it is no answer, or that of another file.
 */
export function startOf(
  { status, statusText, headers }: Response,
  asked: number,
  file: RemoteFile,
): number | undefined {
  // Such bytes would arrive unpacked, which are not those of the file.
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity')
    throw failedFetch(file.address, 'refused', `the server sends it encoded once more (${encoding})`);
  switch (status) {
    case 200: {
      checkSize(headers.get('content-length') ?? undefined, file);
      return 0;
    }
    case 206: {
      const range = /^bytes (\d+)-\d+\/(\d+)?/.exec(headers.get('content-range') ?? '');
      checkSize(range?.[2], file);
      return Number(range?.[1]) === asked ? asked : undefined;
    }
    case 416:
      return undefined;
    default: {
      const isPassing = status >= 500 || status === 408 || status === 429;
      const kind = isPassing ? 'interrupted' : 'refused';
      throw failedFetch(file.address, kind, `the server answered ${status} ${statusText}`.trimEnd());
    }
  }
}

function checkSize(size: string | undefined, file: RemoteFile): void {
  if (size !== undefined && Number(size) !== file.sizeBytes)
    throw notPublished(file, `it has ${size} bytes instead of ${file.sizeBytes}`);
}
