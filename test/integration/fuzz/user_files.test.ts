import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readTrajectory } from '../../../src/cli/trajectory.js';
import { configFromFile } from '../../../src/config/load.js';
import { BloomError, ConfigError } from '../../../src/core/errors.js';
import { noProgress } from '../../../src/core/progress.js';
import { readCifarRows } from '../../../src/data/cifar10_rows.js';
import { readLeaf } from '../../../src/data/femnist/leaf.js';
import { readParquet } from '../../../src/data/femnist/parquet.js';
import { decodePicture } from '../../../src/data/femnist/png.js';
import { decompressSnappy } from '../../../src/data/femnist/snappy.js';
import { unpack } from '../../../src/data/fetch/unpack.js';
import { readIdxFile } from '../../../src/data/idx_file.js';
import { cifarRow } from '../../support/cifar_files.js';
import { readCases, readFixture } from '../../support/fixtures.js';
import { foldersOf } from '../../support/folders.js';
import { drain, fromFile, fuzzBytes, fuzzJson, numRuns } from '../../support/fuzz.js';
import { encodeTar } from '../../support/tar_files.js';
import { encodeIdx } from '../../unit/data/idx_files.js';
import { smallFile } from '../../unit/data/femnist/leaf_files.js';

describe('fuzzing: what users bring', function () {
  this.timeout(60_000 + 60 * numRuns);
  const newFolder = foldersOf();
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = newFolder();
    file = join(folder, 'file');
  });

  const YAML = 'n_epochs: 4\noptimizer:\n  head: {lr: 0.5, name: adam}\nskip_visits: &a "1@0"\nchaos: ""\n';
  const read = (path: string) => configFromFile(path);

  it('configurations in YAML', () => fuzzBytes([Buffer.from(YAML)], fromFile(file, read), ConfigError));
  it('configurations with strange parts', () =>
    fuzzJson(
      { n_epochs: 4, optimizer: { head: { lr: 0.5 } }, wandb: { track: false } },
      fromFile(file, read),
      ConfigError,
    ));

  const prefix = 'lenet_mnist_sgd_2w';
  const tensorFile = `${prefix}.safetensors`;
  it("trajectories' tensors", () => {
    writeFileSync(`${file}.json`, readFixture(`${prefix}.json`));
    const decode = fromFile(`${file}.safetensors`, () => readTrajectory(file));
    return fuzzBytes([readFixture(tensorFile)], decode, BloomError);
  });
  it("trajectories' facts", async () => {
    writeFileSync(`${file}.safetensors`, readFixture(tensorFile));
    const decode = fromFile(`${file}.json`, () => readTrajectory(file));
    const facts = JSON.parse(readFixture(`${prefix}.json`).toString()) as unknown;
    await fuzzJson(facts, decode, BloomError);
  });

  it('IDX', () => {
    const whole = encodeIdx([2, 1, 3], [1, 2, 3, 4, 5, 6]);
    const decode = fromFile(file, (path) => readIdxFile({ path, numAxes: 3, maxValues: 1e6 }));
    return fuzzBytes([whole, gzipSync(whole)], decode);
  });

  it('CIFAR-10', () => {
    const rows = Buffer.concat([cifarRow(3, 1, 2, 3), cifarRow(9, 4, 5, 6)]);
    return fuzzBytes(
      [rows],
      fromFile(file, (path) => readCifarRows([{ path, sha256: '' }], 10)),
    );
  });

  it('LEAF JSON', () =>
    fuzzBytes(
      [Buffer.from(JSON.stringify(smallFile()))],
      fromFile(file, (path) => drain(readLeaf(path))),
    ));
  it('LEAF JSON with strange parts', () =>
    fuzzJson(
      smallFile(),
      fromFile(file, (path) => drain(readLeaf(path))),
    ));

  it('Parquet', () => {
    const layouts = ['hf', 'small_pages', 'v1_required', 'v2', 'v2_snappy'];
    const files = layouts.map((name) => readFixture(`femnist/${name}.parquet`));
    return fuzzBytes(
      files,
      fromFile(file, (path) => drain(readParquet(path))),
    );
  });

  // What these throw is named by those who call them: the file, and the place in it.
  it('PNG', () => {
    const cases = readCases('femnist/pngs.json') as { readonly png: string; readonly pixels?: string }[];
    const whole = cases.filter(({ pixels }) => pixels !== undefined);
    return fuzzBytes(
      whole.map(({ png }) => Buffer.from(png, 'base64')),
      decodePicture,
      Error,
    );
  });
  it('Snappy', async () => {
    const cases = readCases('femnist/snappy.json') as { readonly plain: string; readonly snappy: string }[];
    for (const { plain, snappy } of cases) {
      const size = Buffer.from(plain, 'base64').length;
      await fuzzBytes([Buffer.from(snappy, 'base64')], (bytes) => decompressSnappy(bytes, size), Error);
    }
  });

  it('archives', async () => {
    const members = ['set/a.bin', 'set/b.bin'];
    const tar = encodeTar(members.map((path, at) => ({ path, bytes: Buffer.alloc(600 * at + 5, at) })));
    const archive = join(folder, 'a.tar.gz');
    const target = join(folder, 'in', 'set');
    mkdirSync(join(folder, 'in'));
    const decode = async (packed: Uint8Array) => {
      rmSync(target, { recursive: true, force: true });
      writeFileSync(archive, packed);
      await unpack(target, { archive, members, maxMemberBytes: 1000, remedy: '', progress: noProgress });
    };
    await fuzzBytes([gzipSync(tar)], decode);
    await fuzzBytes([tar], (bytes) => decode(gzipSync(bytes)));
  });
});
