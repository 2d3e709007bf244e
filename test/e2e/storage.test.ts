import { expect } from 'chai';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bloom,
  newFolder,
  readJsonLines,
  removeFolders,
  runDirectories,
  startBloom,
  trainOnce,
  type Outcome,
} from '../support/e2e_command.js';
import { expectOneMessage } from '../support/e2e_refusal.js';
import { mountsOf } from '../support/mounts.js';
import { checkpointsIn, resultOf } from '../support/run_bytes.js';

/** Three shards of 100 rows: 4 batches a visit, 24 in all. A checkpoint, of 0.5 MB, every 2 batches. */
const SMALL = ['--n-workers', '3', '--max-samples', '300', '--n-epochs', '2', '--forgetting-samples', '60'];
const OFTEN = ['--checkpoint-every', '2', '--checkpoint-min-s', '0'];
const SLOW = ['--chaos', 'slow=client0:50ms,slow=client1:50ms,slow=client2:50ms'];
const MEMORY_FOLDER = '/dev/shm';

describe('storage that fails', () => {
  const mount = mountsOf();
  let whole: Readonly<Record<string, unknown>>;
  /** A run directory that was stopped after its first visits. */
  let stopped: string;

  before(async () => {
    whole = resultOf((await trainOnce(SMALL, { cwd: newFolder() })).directory);
    const cwd = newFolder();
    const running = startBloom(['train', ...SMALL, ...OFTEN, ...SLOW], { cwd });
    await running.says(/client 1 /);
    running.kill('SIGINT');
    expect((await running.end).exitCode).to.equal(130);
    [stopped] = runDirectories(cwd);
  });
  after(removeFolders);

  const copy = () => {
    const directory = join(newFolder(), 'run');
    cpSync(stopped, directory, { recursive: true });
    return directory;
  };
  const resume = (directory: string) => bloom(['resume', directory], { cwd: newFolder() });
  async function finish(directory: string): Promise<void> {
    const { exitCode, stderr } = await resume(directory);
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(resultOf(directory)).to.deep.equal(whole);
  }
  /** Warnings may come before, of what the run can do without; then one error, which says from where to go on. */
  function expectStopped({ exitCode, stderr }: Outcome, directory: string, says: RegExp): void {
    const error = stderr.slice(stderr.search(/^error: /m));
    expectOneMessage(error);
    expect(error).to.match(says);
    const newest = checkpointsIn(directory)
      .filter((steps) =>
        existsSync(join(directory, 'checkpoints', `step-${String(steps).padStart(9, '0')}`, 'manifest.json')),
      )
      .at(-1);
    expect(newest).to.be.above(0);
    expect(error).to.include(`Go on from batch ${newest} with: npx bloom-split resume `);
    expect(exitCode).to.equal(1);
  }

  it('a disk that gets full stops the run at its last checkpoint; with more room it goes on', async function () {
    const cwd = newFolder();
    const disk = join(cwd, 'outputs');
    mkdirSync(disk);
    const { memory } = mount(this);
    memory(disk, 2_500_000);
    // All checkpoints are kept: they need more than there is.
    const outcome = await bloom(['train', ...SMALL, ...OFTEN, '--keep-checkpoints', '99'], { cwd });
    const [directory] = runDirectories(cwd);
    expectStopped(outcome, directory, /^error: Cannot write .*ENOSPC.*Free some space/);
    const again = await resume(directory);
    expectStopped(again, directory, /^error: Cannot write .*ENOSPC/);
    memory(disk, 30_000_000);
    await finish(directory);
  });

  it('a directory that becomes read-only stops the run at its last checkpoint; made writable it goes on', async function () {
    const { readOnly, remove } = mount(this);
    const cwd = newFolder();
    const running = startBloom(['train', ...SMALL, ...OFTEN, ...SLOW], { cwd });
    await running.says(/client 1 /);
    const [directory] = runDirectories(cwd);
    readOnly(directory);
    expectStopped(await running.end, directory, /^error: Cannot .*EROFS: read-only file system/);
    const again = await resume(directory);
    expectOneMessage(again.stderr);
    expect(again.stderr).to.match(/read-only file system/);
    remove(directory);
    await finish(directory);
  });

  it('another file system than the one of temporary files is as good', async function () {
    if (!existsSync(MEMORY_FOLDER) || statSync(MEMORY_FOLDER).dev === statSync(tmpdir()).dev) {
      console.log(`      skipped: ${MEMORY_FOLDER} is no file system of its own here`);
      this.skip();
    }
    const outputDir = mkdtempSync(join(MEMORY_FOLDER, 'bloom-split-e2e-'));
    try {
      const { exitCode, stderr } = await bloom(['train', ...SMALL, '--output-dir', outputDir], {
        cwd: newFolder(),
      });
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
      expect(resultOf(runDirectories('/', outputDir)[0])).to.deep.equal(whole);
    } finally {
      rmSync(outputDir, { recursive: true });
    }
  });

  it('an output directory that is a file is one clear error', async () => {
    const cwd = newFolder();
    writeFileSync(join(cwd, 'outputs'), 'mine');
    const { exitCode, stderr } = await bloom(['train', ...SMALL], { cwd });
    expectOneMessage(stderr);
    expect(stderr).to.match(/^error: Cannot make a run directory in "outputs" \(`output_dir`\): /);
    expect(exitCode).to.equal(1);
  });

  it('checkpoints that are no folder are one clear error', async () => {
    const directory = copy();
    rmSync(join(directory, 'checkpoints'), { recursive: true });
    writeFileSync(join(directory, 'checkpoints'), 'mine');
    const { exitCode, stderr } = await resume(directory);
    expectOneMessage(stderr);
    expect(stderr).to.match(/^error: Cannot use ".*checkpoints" for checkpoints: ENOTDIR.*must be a folder/);
    expect(exitCode).to.equal(1);
    rmSync(join(directory, 'checkpoints'));
    await finish(directory);
  });

  it('a checkpoint that cannot be made is one clear error', async () => {
    const directory = copy();
    const taken = join(directory, 'checkpoints', 'step-000000012');
    rmSync(taken, { recursive: true, force: true });
    writeFileSync(taken, 'mine');
    expectStopped(
      await resume(directory),
      directory,
      /^error: Cannot use ".*step-000000012" for checkpoints: ENOTDIR/,
    );
    rmSync(taken);
    await finish(directory);
  });

  const sinks: readonly (readonly [string, (directory: string) => string, RegExp])[] = [
    [
      'TensorBoard',
      (run) => join(run, 'tensorboard'),
      /^warning: the TensorBoard event file failed and is left out from here on: /,
    ],
    ['the plots', (run) => join(run, 'plots'), /^warning: The plots are not drawn: /],
    [
      'run.log',
      (run) => join(run, 'run.log'),
      /^warning: run\.log cannot be written and is left out from here on: /,
    ],
  ];
  for (const [name, pathIn, says] of sinks) {
    it(`${name} fails alone, and is reported once`, async () => {
      const directory = copy();
      const path = pathIn(directory);
      rmSync(path, { recursive: true, force: true });
      if (name === 'run.log') mkdirSync(path);
      else writeFileSync(path, 'mine');
      const { exitCode, stderr } = await resume(directory);
      expect(stderr).to.match(says);
      expect(stderr.match(/^warning: /gm)).to.have.length(1);
      expect(exitCode).to.equal(0);
      expect(resultOf(directory)).to.deep.equal(whole);
      if (name !== 'run.log')
        expect(
          readJsonLines(join(directory, 'run.log')).filter(({ level }) => level === 'warn'),
        ).to.have.length(1);
      expect(readdirSync(directory)).to.include('summary.json');
    });
  }
});
