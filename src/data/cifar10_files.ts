import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadOptions } from './dataset.js';
import { usualPatience } from './fetch/download.js';
import { fetchFiles } from './fetch/fetch_files.js';
import { missingDataset, type Source } from './fetch/source.js';
import { unpack } from './fetch/unpack.js';

/** SHA-256 of the files in the archive, in the order of their rows; the last one is the test set. */
export const cifar10Files = {
  'data_batch_1.bin': 'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5',
  'data_batch_2.bin': 'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed',
  'data_batch_3.bin': 'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67',
  'data_batch_4.bin': '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48',
  'data_batch_5.bin': '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add',
  'test_batch.bin': '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b',
} as const;

const FOLDER = 'cifar-10-batches-bin';
const FILE_BYTES = 30_730_000;

/**
 * The folder with the six files. It is `dataDir` itself, or lies in it, or is unpacked there from the archive; where `dataDir`
 * is empty, the same under `datasetsDir`, to which a missing archive is fetched. Throws DataError, StorageError or ConfigError.
 */
export async function obtainCifar10(source: Source, options: LoadOptions): Promise<string> {
  const { dataDir, datasetsDir, mirror, progress } = options;
  const place = dataDir === '' ? join(datasetsDir, source.dataset) : dataDir;
  const names = Object.keys(cifar10Files);
  if (names.some((name) => existsSync(join(place, name)))) return place;
  const folder = join(place, FOLDER);
  if (existsSync(folder)) return folder;
  const [{ name }] = source.files;
  const archive = join(place, name);
  if (!existsSync(archive)) {
    if (dataDir !== '')
      throw missingDataset(source, `There is neither ${FOLDER} nor ${name} in "${place}".`, place);
    await fetchFiles(source, source.files, place, { mirror, progress, ...usualPatience });
  }
  const members = names.map((file) => `${FOLDER}/${file}`);
  const remedy =
    dataDir === ''
      ? 'Remove it, and run again to fetch it anew.'
      : `Put the original one there, which is published at ${source.address}, or run without \`data_dir\` to have it fetched.`;
  await unpack(folder, { archive, members, maxMemberBytes: FILE_BYTES, remedy, progress });
  return folder;
}
