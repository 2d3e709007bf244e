import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where downloads that serve every checkout are kept: $XDG_CACHE_HOME/bloom-split, or ~/.cache/bloom-split. */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME: base = '' } = process.env;
  // A relative one is to be ignored, says the XDG Base Directory Specification.
  return join(isAbsolute(base) ? base : join(homedir(), '.cache'), 'bloom-split');
}
