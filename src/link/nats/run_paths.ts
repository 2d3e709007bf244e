import { isAbsolute, join, relative, sep } from 'node:path';
import { ProtocolError } from '../../core/errors.js';

/** Names that stand for the files of a run on hosts of which each has them in a folder of its own. */
export interface RunPaths {
  /** The name of a file. Throws ProtocolError where it is not in the folder. */
  toName(path: string): string;
  /** Where a file with this name is. Throws ProtocolError where the name leaves the folder. */
  toPath(name: string): string;
}

export function pathsUnder(folder: string): RunPaths {
  return {
    toName(path) {
      const name = relative(folder, path);
      if (name === '' || name.startsWith('..') || isAbsolute(name))
        throw new ProtocolError(
          'ERR_PATH',
          `"${path}" is not in "${folder}": other hosts have no name for it.`,
        );
      return name.split(sep).join('/');
    },
    toPath(name) {
      const parts = name.split('/');
      // What is neither a plain name nor has one is refused, whatever it would come to.
      if (!parts.every((part) => /^[\w-][\w.-]*$/.test(part)))
        throw new ProtocolError(
          'ERR_PATH',
          `The server named the file ${JSON.stringify(name)}, which is not a plain path inside the client's folder "${folder}".`,
        );
      return join(folder, ...parts);
    },
  };
}
