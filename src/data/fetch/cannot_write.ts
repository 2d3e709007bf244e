import { BloomError, messageOf, StorageError } from '../../core/errors.js';

/** An error of writing as a StorageError that says how much room is needed and where; any other error as it is. */
export function cannotWrite(error: unknown, path: string, sizeBytes: number): unknown {
  if (error instanceof BloomError || !(error instanceof Error) || !('syscall' in error)) return error;
  const isFull = 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
  return new StorageError(
    isFull ? 'ERR_DISK_FULL' : 'ERR_WRITE',
    `Cannot write "${path}": ${messageOf(error)}. It needs ${(sizeBytes / 1e6).toFixed(1)} MB there: free some space, or ` +
      'choose another place with `datasets_dir` or `data_dir`.',
    { path, sizeBytes },
    { cause: error },
  );
}
