import { isAbsolute, join, normalize, sep } from 'node:path';
import { ProtocolError } from '../../core/errors.js';

/** Path of what somebody else names, in this folder. Throws ProtocolError where the name leads out of it. */
export function pathIn(folder: string, name: unknown): string {
  const own = typeof name === 'string' ? normalize(name) : '';
  const isInside = own !== '' && own !== '.' && own !== '..' && !own.startsWith(`..${sep}`) && !isAbsolute(own);
  if (isInside && !own.includes('\0')) return join(folder, own);
  throw new ProtocolError(
    'ERR_FILE_NAME',
    `The server named the file ${JSON.stringify(name)}, which does not lie in a run's folder. Nothing was read or written.`,
    {},
  );
}
