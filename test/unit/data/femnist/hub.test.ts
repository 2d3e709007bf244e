import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '../../../../src/core/errors.js';
import { noProgress } from '../../../../src/core/progress.js';
import { loadFemnist } from '../../../../src/data/femnist/femnist.js';
import { fetchFromHub } from '../../../../src/data/femnist/hub.js';
import { failureOf } from '../../../support/download_place.js';
import { sendBytes, sendStatus, withFileServer, type Answer } from '../../../support/file_server.js';

const SHA = 'a'.repeat(40);
const API = '/api/datasets/flwrlabs/femnist';
const atOnce = { stallMs: 20_000, retryDelaysMs: [0, 0] };

describe('femnist from its hub', () => {
  let folder: string;
  let parquet: Uint8Array;
  before(async () => {
    parquet = await readFile('test/fixtures/femnist/hf.parquet');
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-test-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const entry = (path: string, bytes: Uint8Array) => ({
    type: 'file',
    path,
    size: bytes.length,
    lfs: { oid: createHash('sha256').update(bytes).digest('hex'), size: bytes.length },
  });
  const tree = () => [
    { type: 'file', path: 'data/README.md', size: 3 },
    entry('data/train-00000-of-00001.parquet', parquet),
  ];
  /** A hub with one revision; what `changes` has for a path comes instead. */
  const hub =
    (changes: Readonly<Record<string, unknown>> = {}): Answer =>
    (response, request) => {
      const path = request.url ?? '';
      const answers: Readonly<Record<string, unknown>> = {
        [`${API}/revision/main`]: { sha: SHA },
        [`${API}/tree/${SHA}/data`]: tree(),
        [`/datasets/flwrlabs/femnist/resolve/${SHA}/data/train-00000-of-00001.parquet`]: parquet,
        ...changes,
      };
      const answer = answers[path];
      if (answer === undefined) sendStatus(response, 404);
      else if (answer instanceof Uint8Array) sendBytes(response, request, answer);
      else response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    };
  const load = (mirror: string) =>
    loadFemnist({ dataDir: '', datasetsDir: folder, mirror, progress: noProgress });

  it('is fetched where it is missing, and read', () =>
    withFileServer(hub(), async ({ address, requests }) => {
      const { train, test } = await load(`${address}/`);
      expect(train.numRows + test.numRows).to.be.greaterThan(0);
      expect(await readdir(join(folder, 'femnist', 'data'))).to.deep.equal(['train-00000-of-00001.parquet']);
      expect(await readdir(join(folder, 'femnist'))).to.deep.equal(['data']);
      const numRequests = requests.length;
      await load(address);
      expect(requests).to.have.length(numRequests);
    }));

  it('is nothing until all files are whole', () =>
    withFileServer(
      hub({
        [`${API}/tree/${SHA}/data`]: [...tree(), entry('data/train-00001-of-00002.parquet', parquet)],
      }),
      async ({ address }) => {
        const error = await failureOf(
          fetchFromHub(folder, { mirror: address, progress: noProgress }, atOnce),
        );
        expect(error).to.be.instanceOf(DataError).and.include({ code: 'ERR_DOWNLOAD' });
        expect(existsSync(join(folder, 'data'))).to.equal(false);
      },
    ));

  it('is refused where a checksum is wrong', () =>
    withFileServer(
      hub({
        [`${API}/tree/${SHA}/data`]: [{ ...tree()[1], lfs: { oid: 'b'.repeat(64), size: parquet.length } }],
      }),
      async ({ address }) => {
        expect(await failureOf(load(address))).to.include({ code: 'ERR_CHECKSUM' });
        expect(existsSync(join(folder, 'femnist', 'data'))).to.equal(false);
      },
    ));

  const strange: Readonly<Record<string, [change: object, says: RegExp]>> = {
    'no hub': [{ [`${API}/revision/main`]: undefined }, /answered 404/],
    'no JSON': [{ [`${API}/revision/main`]: '<html>' }, /not JSON/],
    'no revision': [{ [`${API}/revision/main`]: { sha: '../..' } }, /names no revision/],
    'no list': [{ [`${API}/tree/${SHA}/data`]: { path: 'x' } }, /lists no files/],
    'no Parquet file': [
      { [`${API}/tree/${SHA}/data`]: [{ path: 'data/../../x.parquet' }] },
      /no Parquet files/,
    ],
    'no checksum': [
      { [`${API}/tree/${SHA}/data`]: [{ path: 'data/x.parquet', size: 3 }] },
      /SHA-256 of "data\/x/,
    ],
  };
  for (const [what, [change, says]] of Object.entries(strange))
    it(`says what is wrong, and the ways to get it, where there is ${what}`, () =>
      withFileServer(hub(change as Record<string, unknown>), async ({ address }) => {
        const error = await failureOf(load(address));
        expect(error).to.be.instanceOf(DataError).and.include({ code: 'ERR_DATA_MISSING' });
        expect(error.message).to.match(says).and.include('`data_dir`').and.include(join(folder, 'femnist'));
        expect(error.message).to.include('huggingface.co/datasets/flwrlabs/femnist');
      }));
});
