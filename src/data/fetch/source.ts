import { ConfigError, DataError } from '../../core/errors.js';

/** A file as it is published. */
export interface SourceFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** A file that can be fetched. */
export interface RemoteFile extends SourceFile {
  readonly address: string;
}

/** Where a data set is published. */
export interface Source {
  readonly dataset: string;
  /** Address of the folder in which the files are. */
  readonly address: string;
  readonly files: readonly SourceFile[];
}

/** Address of a file in the mirror, or where that is empty at its publisher's. Throws ConfigError. */
export function addressOf({ name }: SourceFile, source: Source, mirror: string): string {
  const folder = mirror === '' ? source.address : mirror;
  if (!/^https?:/i.test(folder) || !URL.canParse(folder) || new URL(folder).username !== '') {
    throw new ConfigError(
      'ERR_MIRROR',
      '`data_mirror` is not an address from which files can be fetched. Expected is the address of a folder: it starts with ' +
        'http:// or https://, and has no user name in it.',
    );
  }
  return `${folder.replace(/\/$/, '')}/${name}`;
}

/** What to say where a data set is not whole: why, and the ways to get it. */
export function missingDataset(source: Source, why: string, folder: string, cause?: unknown): DataError {
  const { dataset, address } = source;
  const names = source.files.map(({ name }) => name).join(', ');
  return new DataError(
    'ERR_DATA_MISSING',
    `${why} The data set "${dataset}" is published at ${address}: where there is a network, ` +
      `\`make data DATASET=${dataset}\` without \`data_dir\` fetches it; or put ${names} into "${folder}" yourself ` +
      '(or into any other folder, and name that with `data_dir`).',
    { dataset, address, folder },
    { cause },
  );
}
