import { expect } from 'chai';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  newFolder,
  readJson,
  removeFolders,
  repoRoot,
  run,
  runDirectories,
  type Outcome,
} from '../support/e2e_command.js';

const TINY = ['MAX_SAMPLES=200', 'EPOCHS=1', 'PLOTS=false'];

describe('make', () => {
  let folder: string;

  before(async function () {
    const hasMake = await run('make', ['--version'], { cwd: repoRoot }).catch(() => undefined);
    if (!hasMake) {
      console.log('    make is not installed here: its tests are left out');
      this.skip();
    }
    const { exitCode, stderr } = await make(['build']);
    expect(exitCode, stderr).to.equal(0);
  });
  beforeEach(() => {
    folder = newFolder();
  });
  after(removeFolders);

  it('train takes options in capitals and by their short names, and installs and builds nothing again', async () => {
    const before = buildTimes();
    const { stdout, summary } = await train(['WORKERS=2', ...TINY]);
    expect(buildTimes()).to.deep.equal(before);
    // The first line is the program's own.
    expect(stdout).to.match(/^bloom-split: sequential split learning\n/);
    expect(stdout).to.match(/^ {2}clients +2 with 100 rows each/m);
    expect(stdout).to.match(/^ {2}training +1 rounds, 8 batches/m);
    expect(stdout).not.to.match(/^ {2}environment/m);
    expect(summary.clients).to.have.length(2);
  });

  it('train takes the keys as they are written in YAML too', async () => {
    const { summary } = await train([
      'n_workers=2',
      'max_samples=64',
      'n_epochs=1',
      'optimizer_head_lr=0.02',
    ]);
    expect(summary).to.include({ rows: 64 });
  });

  it('verify takes MODEL and CUT, and refuses another name', async () => {
    const { exitCode, stderr } = await make(['verify', 'MODEL=lenet', 'CUT=no_such_layer']);
    expect(stderr).to.match(/`cut` is "no_such_layer", but "lenet" can be cut only after/);
    expect(exitCode).to.be.greaterThan(0);
    const other = await make(['verify', 'WORKERS=2']);
    expect(other.stderr).to.match(/make verify takes MODEL CUT ENGINE DEVICES, not WORKERS\./);
    expect(other.exitCode).to.be.greaterThan(0);
  });

  it('train CONFIG=file reads the file, over which other options win', async () => {
    const { stdout, summary } = await train(['CONFIG=config/smoke.yaml', 'MAX_SAMPLES=200']);
    expect(stdout).to.match(/^ {2}clients +3 with 66, 67, 67 rows/m);
    expect(summary).to.include({ rows: 400 });
  });

  it('an option on its command line wins over the environment, which is shown', async () => {
    const env = { BLOOM_N_WORKERS: '5', BLOOM_SEED: '3' };
    const { stdout, summary } = await train(['WORKERS=2', ...TINY], env);
    expect(summary.clients).to.have.length(2);
    expect(stdout.match(/^ {2}environment.*$/gm)).to.have.length(1);
    expect(stdout).to.match(/^ {2}environment +seed = 3 \(BLOOM_SEED\)$/m);
  });

  it('refuses a name that is no option, and one that nearly is', async () => {
    await expectRefused(
      ['FOO=1'],
      /error: "FOO" \(from make FOO=\.\.\.\) is not an option\..*key in capitals/,
    );
    await expectRefused(['WORKER=2'], /error: "WORKER" .* Did you mean "WORKERS"\?/);
  });

  it('refuses a bad value, naming make', async () => {
    await expectRefused(
      ['n_workers=0'],
      /error: `n_workers` is 0 \(from make n_workers=\.\.\.\), but an integer of 1/,
    );
    await expectRefused(['EPOCHS='], /error: `n_epochs` is "" \(from make EPOCHS=\.\.\.\)/);
  });

  it('refuses two names of one key that disagree', async () => {
    await expectRefused(
      ['WORKERS=2', 'N_WORKERS=3'],
      /error: `n_workers` is given twice .*make (N_)?WORKERS=\.\.\. says [23], make (N_)?WORKERS=\.\.\. says [23]/,
    );
  });

  it('passes a folder with spaces and quotes on whole', async () => {
    const dataDir = join(folder, `a "folder" of one's own`);
    mkdirSync(dataDir);
    const { exitCode, stdout, stderr } = await make(['data', `DATA_DIR=${dataDir}`]);
    expect(stderr).to.include(`Cannot read "${dataDir}/`);
    expect(stdout).to.equal('');
    expect(exitCode).to.be.greaterThan(0);
  });

  it('data and help', async () => {
    expect((await make(['data'])).stdout).to.match(/^mnist: 60000 training and 10000 test pictures/);
    const { stdout } = await make(['help']);
    for (const target of [
      'help',
      'train',
      'test',
      'lint',
      'format',
      'build',
      'data',
      'bench',
      'clean',
      'tensorflow',
      'clean-tensorflow',
    ])
      expect(stdout).to.match(new RegExp(`^  make ${target} +[a-z]`, 'm'));
    expect((await make([])).stdout).to.equal(stdout);
  });

  async function train(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ stdout: string; summary: Record<string, unknown> }> {
    const { exitCode, stdout, stderr } = await make(['train', ...args, `OUTPUT_DIR=${folder}/runs`], env);
    expect(exitCode, stderr).to.equal(0);
    const directories = runDirectories(folder, 'runs');
    expect(directories).to.have.length(1);
    return { stdout, summary: readJson(join(directories[0], 'summary.json')) };
  }

  async function expectRefused(args: readonly string[], message: RegExp): Promise<void> {
    const { exitCode, stdout, stderr } = await make(['train', ...args, `OUTPUT_DIR=${folder}/runs`]);
    expect(stderr).to.match(message);
    expect(stdout).to.equal('');
    expect(exitCode).to.be.greaterThan(0);
    expect(runDirectories(folder, 'runs')).to.deep.equal([]);
  }
});

/** When make last installed, and last compiled. */
function buildTimes(): number[] {
  return ['node_modules/.installed', 'dist/.built'].map((name) => statSync(join(repoRoot, name)).mtimeMs);
}

/** In the repository itself; npm and tsc, should they run, are not measured for coverage. */
function make(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return run('make', args, { cwd: repoRoot, env: { NODE_V8_COVERAGE: '', ...env } });
}
