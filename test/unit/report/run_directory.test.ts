import { expect } from 'chai';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ConfigError, StorageError } from '../../../src/core/errors.js';
import {
  claimRunDirectory,
  createComparisonDirectory,
  createRunDirectory,
  cutBack,
  removeTemporaries,
  runFiles,
  writeCompactJson,
  writeJson,
} from '../../../src/report/run_directory.js';
import { rejection } from '../../support/link_errors.js';

describe('the run directory', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'run-directory-test-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const now = new Date(2026, 0, 2, 3, 4, 5);

  it('is named after date and time, in local time, with two digits', async () => {
    const path = await createRunDirectory(join(folder, 'not', 'there', 'yet'), now);
    expect(relative(folder, path)).to.equal(join('not', 'there', 'yet', '2026-01-02', '03-04-05'));
    expect(await readdir(path)).to.deep.equal([]);
  });

  it('is never one twice, in the same second either', async () => {
    const paths = await Promise.all(Array.from({ length: 4 }, () => createRunDirectory(folder, now)));
    expect(paths.map((path) => relative(join(folder, '2026-01-02'), path)).sort()).to.deep.equal([
      '03-04-05',
      '03-04-05_2',
      '03-04-05_3',
      '03-04-05_4',
    ]);
    expect(await readdir(join(folder, '2026-01-02'))).to.have.length(4);
  });

  it('does not touch one that is there', async () => {
    const first = await createRunDirectory(folder, now);
    await writeFile(join(first, 'kept'), 'x');
    await createRunDirectory(folder, now);
    expect(await readdir(first)).to.deep.equal(['kept']);
  });

  const refusals: Readonly<Record<string, () => Promise<string>>> = {
    'is a file': async () => {
      const path = join(folder, 'file');
      await writeFile(path, '');
      return path;
    },
    'is inside a file': async () => {
      await writeFile(join(folder, 'file'), '');
      return join(folder, 'file', 'outputs');
    },
    'has a file where the day belongs': async () => {
      await writeFile(join(folder, '2026-01-02'), '');
      return folder;
    },
    'has a name that cannot be': () => Promise.resolve(join(folder, 'a'.repeat(300))),
    // Holds for root too, whom permissions do not stop.
    'cannot be written': () => Promise.resolve('/sys'),
  };
  for (const [what, make] of Object.entries(refusals)) {
    it(`is refused where the output directory ${what}`, async () => {
      const outputDir = await make();
      const error = await rejection(createRunDirectory(outputDir, now), StorageError, 'ERR_OUTPUT_DIR');
      expect(error.message).to.include(`"${outputDir}" (\`output_dir\`)`);
      expect(error.details).to.deep.equal({ outputDir });
    });
  }

  it('of a comparison is named likewise, and never one twice', async () => {
    const names = [
      await createComparisonDirectory(folder, now),
      await createComparisonDirectory(folder, now),
    ];
    expect(names.map((path) => relative(folder, path))).to.deep.equal([
      'compare-2026-01-02_03-04-05',
      'compare-2026-01-02_03-04-05_2',
    ]);
  });

  it('is made where it is asked for, and refused where something is or nothing can be', async () => {
    const path = join(folder, 'runs', 'one');
    expect(await claimRunDirectory(path)).to.equal(path);
    expect(await readdir(path)).to.deep.equal([]);
    const taken = await rejection(claimRunDirectory(path), ConfigError, 'ERR_RUN_DIRECTORY_TAKEN');
    expect(taken.message).to.include(`"${path}"`).and.include(`resume ${path}`);
    await rejection(claimRunDirectory('/sys/one/two'), StorageError, 'ERR_OUTPUT_DIR');
  });

  it('has every file under its own path', () => {
    const files = Object.values(runFiles('/run'));
    expect(new Set(files).size).to.equal(files.length);
    for (const file of files) expect(file.startsWith('/run/')).to.equal(true);
  });

  it('writeJson writes for people', async () => {
    const path = join(folder, 'some', 'summary.json');
    await writeJson(path, { a: 1, b: [2] });
    expect(await readFile(path, 'utf8')).to.equal('{\n  "a": 1,\n  "b": [\n    2\n  ]\n}\n');
  });

  it('writeCompactJson writes a line a part', async () => {
    const path = join(folder, 'evaluation.json');
    await writeCompactJson(path, { a: 1, b: [{ c: null }, 'x'] });
    const text = await readFile(path, 'utf8');
    expect(text).to.equal('{\n"a":1,\n"b":[{"c":null},"x"]\n}\n');
    expect(JSON.parse(text)).to.deep.equal({ a: 1, b: [{ c: null }, 'x'] });
  });

  it('cutBack cuts append-only files, never longer than they are, and removes those that began later', async () => {
    await mkdir(join(folder, 'tensorboard'));
    for (const name of ['metrics.jsonl', 'tensorboard/a', 'tensorboard/b', 'tensorboard/c', 'run.log'])
      await writeFile(join(folder, name), '0123456789');
    await cutBack(folder, { 'metrics.jsonl': 4, 'tensorboard/a': 3, 'tensorboard/b': 99, '../outside': 0 });
    const sizes = await Promise.all(
      ['metrics.jsonl', 'tensorboard/a', 'tensorboard/b', 'run.log'].map(
        async (name) => (await readFile(join(folder, name))).length,
      ),
    );
    expect(sizes).to.deep.equal([4, 3, 10, 10]);
    expect((await readdir(join(folder, 'tensorboard'))).sort()).to.deep.equal(['a', 'b']);
    await cutBack(folder, {});
    expect(await readFile(join(folder, 'metrics.jsonl'), 'utf8')).to.equal('');
    expect(await readdir(join(folder, 'tensorboard'))).to.deep.equal([]);
    await cutBack(join(folder, 'none'), { 'metrics.jsonl': 5 });
  });

  it('removeTemporaries removes what a killed process left half written, and nothing else', async () => {
    await mkdir(join(folder, 'model'));
    for (const name of [
      'summary.json.0123456789ab.tmp',
      'model/head.safetensors.ffffffffffff.tmp',
      'model/my.tmp',
      'a.tmp',
    ])
      await writeFile(join(folder, name), '');
    await removeTemporaries(folder);
    expect((await readdir(folder)).sort()).to.deep.equal(['a.tmp', 'model']);
    expect(await readdir(join(folder, 'model'))).to.deep.equal(['my.tmp']);
  });
});
