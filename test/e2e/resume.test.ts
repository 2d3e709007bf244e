import { expect } from 'chai';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  bloom,
  newFolder,
  readJson,
  readJsonLines,
  removeFolders,
  runDirectories,
  startBloom,
  trainOnce,
  type Outcome,
} from '../support/e2e_command.js';
import { expectOneMessage } from '../support/e2e_refusal.js';
import { flipBit } from '../support/checkpoints.js';
import { checkpointsIn, resultOf } from '../support/run_bytes.js';

/** Three shards of 100 rows: 4 batches a visit, 12 a round, 24 in all. A checkpoint every 3 batches. */
const ROWS = ['--n-workers', '3', '--max-samples', '300', '--forgetting-samples', '60'];
const SMALL = [...ROWS, '--n-epochs', '2'];
const OFTEN = ['--checkpoint-every', '3', '--checkpoint-min-s', '0', '--keep-checkpoints', '3'];
const SLOW = ['--chaos', 'slow=client0:30ms,slow=client1:30ms,slow=client2:30ms'];

describe('resume', () => {
  let whole: Readonly<Record<string, unknown>>;
  /** A run directory that was stopped after a few batches, with three checkpoints. */
  let stopped: string;

  before(async () => {
    const { directory } = await trainOnce([...SMALL, ...OFTEN], { cwd: newFolder() });
    whole = resultOf(directory);
    const interrupted = await interrupt('SIGINT', /client 1 /);
    stopped = interrupted.directory;
    expect(checkpointsIn(stopped)).to.have.length.within(2, 4);
  });
  after(removeFolders);

  /** A run that gets a signal when it has said this. */
  async function interrupt(
    signal: NodeJS.Signals,
    when: RegExp,
    args: readonly string[] = [...OFTEN, ...SLOW],
  ): Promise<Outcome & { readonly directory: string }> {
    const cwd = newFolder();
    const running = startBloom(['train', ...SMALL, ...args], { cwd });
    await running.says(when);
    running.kill(signal);
    const outcome = await running.end;
    return { ...outcome, directory: runDirectories(cwd)[0] };
  }
  const copy = () => {
    const directory = join(newFolder(), 'run');
    cpSync(stopped, directory, { recursive: true });
    return directory;
  };
  const resume = (directory: string, ...args: readonly string[]) =>
    bloom(['resume', directory, ...args], { cwd: newFolder() });
  /** Goes on to the end, and gives what was said on stderr. */
  const finish = async (directory: string, ...args: readonly string[]) => {
    const { exitCode, stdout, stderr } = await resume(directory, ...args);
    expect(exitCode, stdout + stderr).to.equal(0);
    expect(resultOf(directory)).to.deep.equal(whole);
    expect(readdirSync(directory)).not.to.include('.lock');
    return stderr;
  };
  const newest = (directory: string) =>
    join(directory, 'checkpoints', readdirSync(join(directory, 'checkpoints')).sort().at(-1)!);

  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`after ${signal}, which ended the run with a checkpoint and exit code ${exitCode}`, async () => {
      const outcome = await interrupt(signal, /client 1 /);
      const { directory, stderr } = outcome;
      expect(outcome.exitCode).to.equal(exitCode);
      const steps = checkpointsIn(directory).at(-1)!;
      expect(stderr).to.match(new RegExp(`^${signal}: the batch is finished and a checkpoint written`, 'm'));
      expect(stderr).to.match(
        new RegExp(
          `^error: Stopped by ${signal} after ${steps} batches\\. Go on from batch ${steps} with: npx bloom-split resume outputs`,
          'm',
        ),
      );
      // What was told is written, and no more.
      const told = readJsonLines(join(directory, 'metrics.jsonl')).filter(({ type }) => type === 'step');
      expect(told).to.have.length(steps);
      expect(existsSync(join(directory, 'summary.json'))).to.equal(false);
      expect(await finish(directory)).to.equal('');
    });
  }

  it('after a second SIGINT, which ends the process at once', async () => {
    const cwd = newFolder();
    const running = startBloom(
      ['train', ...SMALL, '--checkpoint-min-s', '0', '--chaos', 'slow=client0:5000ms'],
      { cwd },
    );
    await running.says(/thread 0/);
    running.kill('SIGINT');
    await running.says(/once more ends at once/);
    running.kill('SIGINT');
    const { signal } = await running.end;
    expect(signal).to.equal('SIGKILL');
    // Nothing was trained: it starts at its beginning, and the lock of the dead process is no hindrance.
    const [directory] = runDirectories(cwd);
    expect(readdirSync(directory)).to.include('.lock');
    expect(await finish(directory)).to.equal('');
  });

  it('after kill -9 before the first checkpoint, from the beginning', async () => {
    const { directory } = await interrupt('SIGKILL', /client 1 /, ['--checkpoint-min-s', '1000']);
    expect(checkpointsIn(directory)).to.deep.equal([]);
    expect(await finish(directory)).to.equal('');
  });

  it('twice, and each process adds to the record of the others', async () => {
    const directory = copy();
    const running = startBloom(['resume', directory, ...SLOW], { cwd: newFolder() });
    await running.says(/client 2 /);
    running.kill('SIGINT');
    expect((await running.end).exitCode).to.equal(130);
    expect(await finish(directory)).to.equal('');
    const events = readdirSync(join(directory, 'tensorboard'));
    // One of each process, and the plots of the last.
    expect(events).to.have.length(4);
    const resumes = readJsonLines(join(directory, 'run.log')).filter(({ message }) => message === 'resume');
    expect(resumes).to.have.length(2);
  });

  it('of a complete run says so, and changes nothing', async () => {
    const directory = copy();
    await finish(directory);
    const { exitCode, stdout, stderr } = await resume(directory);
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(stdout).to.equal(`${directory} is complete: there is nothing to go on with\n`);
    expect(resultOf(directory)).to.deep.equal(whole);
  });

  it('where all batches are done only writes the results', async () => {
    const directory = copy();
    await finish(directory);
    for (const name of ['summary.json', 'evaluation.json', 'model'])
      rmSync(join(directory, name), { recursive: true });
    const { exitCode, stdout } = await resume(directory);
    expect(exitCode).to.equal(0);
    expect(stdout).not.to.match(/^ {2}client \d /m);
    expect(resultOf(directory)).to.deep.equal(whole);
  });

  it('with a damaged newest checkpoint names it and takes the one before', async () => {
    const directory = copy();
    const damaged = newest(directory);
    flipBit(damaged, 'tails.safetensors');
    const stderr = await finish(directory);
    expect(stderr).to.match(
      /^warning: checkpoint step-\d+ is left out: ".*tails\.safetensors" is not the file .*\n$/,
    );
  });

  it('with half a manifest names it and takes the one before', async () => {
    const directory = copy();
    truncateSync(join(newest(directory), 'manifest.json'), 300);
    expect(await finish(directory)).to.match(/^warning: checkpoint step-\d+ is left out: .* it is not JSON/);
  });

  it('with every checkpoint damaged starts at the beginning', async () => {
    const directory = copy();
    for (const name of readdirSync(join(directory, 'checkpoints')))
      flipBit(join(directory, 'checkpoints', name), 'tails.safetensors');
    expect((await finish(directory)).match(/is left out/g)).to.have.length.greaterThan(1);
  });

  it('with what was being written when the process was killed', async () => {
    const directory = copy();
    const half = join(directory, 'checkpoints', 'step-000000099');
    mkdirSync(half);
    writeFileSync(join(half, 'heads-0.safetensors.0123456789ab.tmp'), 'half');
    mkdirSync(join(directory, 'model'));
    writeFileSync(join(directory, 'model', 'head.safetensors.0123456789ab.tmp'), 'half');
    writeFileSync(join(directory, 'summary.json.0123456789ab.tmp'), '{');
    expect(await finish(directory)).to.equal('');
    expect(existsSync(half)).to.equal(false);
    expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).to.deep.equal([]);
  });

  it('with metrics.jsonl cut short takes the newest checkpoint that it still covers', async () => {
    const directory = copy();
    const { lengths } = readJson(join(newest(directory), 'manifest.json')) as {
      lengths: Record<string, number>;
    };
    truncateSync(join(directory, 'metrics.jsonl'), lengths['metrics.jsonl'] - 1);
    expect(await finish(directory)).to.match(
      /^warning: checkpoint of batch \d+ is left out: metrics\.jsonl is shorter/,
    );
  });

  it('with lines after the checkpoint cuts them off', async () => {
    const directory = copy();
    writeFileSync(join(directory, 'metrics.jsonl'), '{"type":"step","st', { flag: 'a' });
    expect(await finish(directory)).to.equal('');
  });

  it('on another number of threads, with other checkpoints and another log', async () => {
    await finish(
      copy(),
      '--n-threads',
      '1',
      '--checkpoint-every',
      '1',
      '--keep-checkpoints',
      '1',
      '--log-level',
      'error',
    );
  });

  it('warns of another version of the software', async () => {
    const directory = copy();
    for (const name of readdirSync(join(directory, 'checkpoints')))
      rmSync(join(directory, 'checkpoints', name), { recursive: true });
    const old = await interrupt('SIGINT', /client 1 /);
    const manifest = join(newest(old.directory), 'manifest.json');
    const { createHash } = await import('node:crypto');
    const content = readJson(manifest) as { sha256?: string; versions: Record<string, string> };
    delete content.sha256;
    const changed = { ...content, versions: { ...content.versions, node: '18.0.0' } };
    const checksum = createHash('sha256').update(JSON.stringify(changed)).digest('hex');
    writeFileSync(manifest, JSON.stringify({ ...changed, sha256: checksum }));
    expect(await finish(old.directory)).to.match(
      /^warning: node is [\d.]+ now and was 18\.0\.0: the last bits of the result may differ\.\n$/,
    );
  });

  const refusals: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['another seed', ['--seed', '1'], /`seed` is 0 in ".*" and cannot become 1/],
    ['more clients', ['--n-workers', '4'], /`n_workers` is 3 in/],
    ['other batches', ['--batch-size', '16'], /`batch_size` is 32/],
    ['another learning rate', ['--optimizer-head-lr', '0.1'], /`optimizer\.head\.lr` is 0\.01/],
    ['fewer epochs', ['--n-epochs', '1'], /`n_epochs` is 2 in ".*" and cannot become 1/],
    ['a visit left out', ['--skip-visits', '1@0'], /`skip_visits` is  in/],
    ['an unknown key', ['--epochs', '4'], /epochs/],
  ];
  for (const [what, args, says] of refusals) {
    it(`with ${what} is refused, and nothing changes`, async () => {
      const directory = copy();
      const before = readFileSync(join(directory, 'metrics.jsonl'));
      const { exitCode, stdout, stderr } = await resume(directory, ...args);
      expect(exitCode).to.be.greaterThan(0);
      expect(stdout).to.equal('');
      expect(stderr).to.match(says);
      expectOneMessage(stderr);
      expect(readFileSync(join(directory, 'metrics.jsonl')).equals(before)).to.equal(true);
      expect(checkpointsIn(directory)).to.deep.equal(checkpointsIn(stopped));
    });
  }

  it('with other rows is refused', async () => {
    const directory = copy();
    const source = /from +(.*) \(checksums verified\)/.exec(
      readFileSync(join(directory, 'run.log'), 'utf8').replaceAll('dataOrigin":"', 'from '),
    )![1];
    const other = newFolder();
    cpSync(source, other, { recursive: true });
    // A pixel of the first picture.
    for (const name of readdirSync(other).filter((each) => each.startsWith('train-images'))) {
      const bytes = readFileSync(join(other, name));
      bytes[16] ^= 1;
      writeFileSync(join(other, name), bytes);
    }
    const { exitCode, stderr } = await resume(directory, '--data-dir', other);
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/^error: The rows of ".*" are not those that ".*" was trained on\./);
    expect(await finish(directory)).to.equal('');
  });

  it('while another process works there is refused', async () => {
    const directory = copy();
    const running = startBloom(['resume', directory, ...SLOW], { cwd: newFolder() });
    await running.says(/thread 0/);
    const { exitCode, stderr } = await resume(directory);
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(new RegExp(`^error: Process ${running.pid} works in this run directory`));
    expect((await running.end).exitCode).to.equal(0);
    expect(resultOf(directory)).to.deep.equal(whole);
  });

  it('of what is no run directory is refused', async () => {
    const { exitCode, stderr } = await resume(newFolder());
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/config\.yaml".*Give a run directory, one that `train` made/);
    expectOneMessage(stderr);
  });

  it('drops the faults that the run was started with', async () => {
    const { directory } = await interrupt('SIGINT', /client 0 /, [
      ...OFTEN,
      '--chaos',
      'slow=client0:30ms,kill=client2@step20',
      '--on-client-loss',
      'stop',
    ]);
    expect(await finish(directory)).to.equal('');
    expect(readFileSync(join(directory, '.hydra', 'config.yaml'), 'utf8')).to.match(/^chaos: ""$/m);
  });

  it('makes a run longer: the weights are those of the longer run, also after a kill on the way', async () => {
    const { directory: longer } = await trainOnce([...ROWS, '--n-epochs', '4'], {
      cwd: newFolder(),
    });
    const directory = copy();
    await finish(directory);
    const running = startBloom(['resume', directory, '--n-epochs', '4', ...SLOW], { cwd: newFolder() });
    await running.says(/^round 3/m);
    running.kill('SIGKILL');
    await running.end;
    expect(existsSync(join(directory, 'summary.json'))).to.equal(false);
    expect((await resume(directory)).exitCode).to.equal(0);
    for (const half of ['head', 'tail']) {
      const file = join('model', `${half}.safetensors`);
      expect(readFileSync(join(directory, file)).equals(readFileSync(join(longer, file))), half).to.equal(
        true,
      );
    }
    const { steps, accuracy, loss } = readJson(join(longer, 'summary.json'));
    expect(readJson(join(directory, 'summary.json'))).to.include({ steps, accuracy, loss });
  });

  it('is refused to be made longer where a visit is the whole training of a client', async () => {
    const cwd = newFolder();
    const { directory } = await trainOnce(
      ['--n-workers', '2', '--max-samples', '64', '--n-epochs', '2', '--local-epochs', '2'],
      { cwd },
    );
    const { exitCode, stderr } = await resume(directory, '--n-epochs', '4');
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/`n_epochs` is 2 in ".*" and cannot become 4/);
  });
});
