import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CellRun, Comparison } from '../../src/report/comparison/comparison.js';
import { appears } from '../support/appears.js';
import {
  bloom,
  bloomOutput,
  newFolder,
  readJson,
  removeFolders,
  startBloom,
  trainOnce,
  type RunOptions,
} from '../support/e2e_command.js';
import { expectNowhereIn } from '../support/wandb_run.js';
import { GOOD_KEY, startWandbServer } from '../support/wandb_server.js';
import { expectOneMessage, expectRefused, type Refusal } from '../support/e2e_refusal.js';

const ROWS = ['--max-samples', '120', '--n-epochs', '1'];
const SMALL = [...ROWS, '--plots', 'false'];
const SLOW = ['--chaos', 'slow=client0:50ms,slow=client1:50ms'];

const directoryIn = (cwd: string) => join(cwd, 'outputs', readdirSync(join(cwd, 'outputs'))[0]);
const read = (directory: string) => readJson(join(directory, 'comparison.json')) as unknown as Comparison;
const runsIn = (directory: string): readonly CellRun[] => read(directory).cells.flatMap(({ runs }) => runs);
const linesOf = (stdout: string) => stdout.match(/^\[\d+\/\d+\] .*$/gm) ?? [];

const refusals: readonly Refusal[] = [
  {
    what: 'an unknown key',
    args: ['--sweep', 'n_worker=2,4'],
    says: [/"n_worker" \(from --sweep\)/, /Did you mean "n_workers"\?/],
  },
  { what: 'an empty list', args: ['--sweep', 'cut='], says: [/`--sweep cut=` has an empty list/] },
  { what: 'nothing to compare', says: [/nothing to compare/, /`--sweep KEY=VALUE,VALUE`/] },
  {
    what: 'a wrong value',
    args: ['--sweep', 'n_workers=2,two'],
    says: [/`n_workers` is "two" \(from --sweep n_workers\)/, /an integer of 1 or more/],
  },
  {
    what: 'a key that is swept and given',
    args: ['--sweep', 'n_workers=2,4', '--num-workers', '3'],
    says: [/`n_workers` is swept, and given with --num-workers too/],
  },
  {
    what: 'a wrong number of seeds',
    args: ['--sweep', 'n_workers=2,4', '--seeds', '0'],
    says: [/`--seeds` is "0"/, /from 1 to 9999/],
  },
  {
    what: 'seeds that are swept and counted',
    args: ['--sweep', 'seed=2,4', '--seeds', '2'],
    says: [/`seed` is swept, and `--seeds` is given too/],
  },
  {
    what: 'an unknown order',
    args: ['--sweep', 'n_workers=2,4', '--order', 'random'],
    says: [/'random' is invalid/, /given, cheap/],
  },
  {
    what: 'cells that all contradict themselves',
    args: ['--sweep', 'n_workers=2,4', '--sweep', 'max_clients=1'],
    says: [/^error: None of the 2 cells of this comparison can be run\. `n_workers` is 2/],
  },
  {
    what: 'a directory that is no comparison',
    args: ['--resume', '.'],
    says: [/Cannot read "comparison\.json"/, /`bloom-split compare` made/],
  },
  {
    what: 'options of a comparison that goes on',
    args: ['--resume', '.', '--sweep', 'n_workers=2', '--n-epochs', '3'],
    says: [/Leave out --sweep, --n-epochs/],
  },
];

describe('compare', () => {
  after(removeFolders);

  describe('of two keys and two seeds', () => {
    let cwd: string;
    let directory: string;
    let stdout: string;
    const args = ['--sweep', 'n_workers=2,3', '--sweep', 'handoff=weights', '--seeds', '2'];

    before(async () => {
      cwd = newFolder();
      stdout = await bloomOutput(['compare', ...args, ...ROWS], { cwd });
      directory = directoryIn(cwd);
    });

    it('leaves the comparison in one directory, and every run in its own', () => {
      expect(readdirSync(join(cwd, 'outputs'))).to.have.length(1);
      expect(directory).to.match(/compare-\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d$/);
      expect(readdirSync(directory).sort()).to.deep.equal([
        'comparison.html',
        'comparison.json',
        'comparison.md',
        'config.yaml',
        'plots',
        'runs',
      ]);
      const runs = runsIn(directory);
      expect(readdirSync(join(directory, 'runs')).map((name) => `runs/${name}`)).to.have.members(
        runs.map((run) => run.directory),
      );
      expect(new Set(runs.map((run) => run.directory)).size).to.equal(4);
      for (const run of runs)
        expect(existsSync(join(directory, run.directory, 'report.html'))).to.equal(true);
    });

    it('comparison.json has of every run what its summary says, and means over seeds', () => {
      for (const { runs, measures } of read(directory).cells) {
        for (const { seed, status, results, directory: own } of runs) {
          const {
            accuracy,
            macro_f1,
            loss,
            wall_seconds,
            seed: its,
          } = readJson(join(directory, own, 'summary.json'));
          expect(status).to.equal('done');
          expect(results).to.include({ accuracy, macro_f1, loss, wall_seconds });
          expect(its).to.equal(seed);
        }
        const [one, other] = runs.map(({ results }) => results!.accuracy);
        expect(measures.accuracy!.mean).to.be.closeTo((one + other) / 2, 1e-12);
        expect(measures.accuracy!.spread).to.be.closeTo(Math.abs(one - other) / Math.SQRT2, 1e-12);
      }
    });

    it('gives the numbers that `train` gives with the options of the cell', async () => {
      const { cells } = read(directory);
      const { settings, runs } = cells[1];
      expect(settings).to.deep.equal({ n_workers: 3, handoff: 'weights' });
      const alone = await trainOnce(['--n-workers', '3', '--handoff', 'weights', '--seed', '1', ...SMALL], {
        cwd: newFolder(),
      });
      const [ours, its] = [join(directory, runs[1].directory), alone.directory];
      for (const file of ['metrics.jsonl', 'model/head.safetensors', 'model/tail.safetensors'])
        expect(readFileSync(join(ours, file)).equals(readFileSync(join(its, file))), file).to.equal(true);
    });

    it('prints a line a run, the table, and where everything is', () => {
      expect(linesOf(stdout)).to.have.length(4);
      expect(linesOf(stdout)[0]).to.match(
        /^\[1\/4\] n_workers 2, handoff weights, seed 0: accuracy 0\.\d{4}, /,
      );
      expect(stdout).to.match(/^n_workers +handoff +runs +accuracy +weighted F1 +time \(s\) /m);
      expect(stdout).to.match(/^3 +weights +2 +0\.\d{4} \u00b1 0\.\d{4} /m);
      expect(stdout).to.match(/\neverything is in outputs\/compare-.* \(comparison\.html, comparison\.md, /);
      const markdown = readFileSync(join(directory, 'comparison.md'), 'utf8');
      expect(markdown.match(/^\| [23] \| weights/gm)).to.have.length(2);
      expect(readFileSync(join(directory, 'comparison.html'), 'utf8')).to.include('4 of 4');
    });

    it('goes on to nothing where all is done, and leaves every run as it was', async () => {
      const before = readFileSync(join(directory, 'comparison.json'), 'utf8');
      const text = await bloomOutput(['compare', '--resume', directory], { cwd: newFolder() });
      expect(text).to.include('4 runs, 4 of them done');
      expect(linesOf(text)).to.deep.equal([]);
      expect(readFileSync(join(directory, 'comparison.json'), 'utf8')).to.equal(before);
    });

    it('is not gone on with by another version', async () => {
      const other = newFolder();
      const text = JSON.stringify({ ...read(directory), format: 9 });
      writeFileSync(join(other, 'comparison.json'), text);
      const { exitCode, stderr } = await bloom(['compare', '--resume', other], { cwd: newFolder() });
      expectOneMessage(stderr);
      expect(stderr).to.match(/\(format 9\), and this is .* \(format 1\).*begin the comparison anew/);
      expect(exitCode).to.equal(1);
    });
  });

  it('runs cheap cells first where that is asked for', async () => {
    const args = ['compare', '--sweep', 'max_samples=200,100', '--n-epochs', '1', '--plots', 'false'];
    const text = await bloomOutput([...args, '--order', 'cheap'], { cwd: newFolder() });
    const [first, second] = linesOf(text);
    expect(first).to.include('max_samples 100');
    expect(second).to.include('max_samples 200');
  });

  it('skips a cell that contradicts itself, and says why', async () => {
    const cwd = newFolder();
    const text = await bloomOutput(['compare', '--sweep', 'cut=nope,pool1', ...SMALL], { cwd });
    expect(text)
      .to.include('2 cells (1 skipped), 1 run\n')
      .and.match(/^skipped: cut nope: `cut` is "nope"/m);
    const markdown = readFileSync(join(directoryIn(cwd), 'comparison.md'), 'utf8');
    expect(markdown).to.include('- cut nope: skipped. `cut` is "nope"');
  });

  it('shows a run that fails with its reason, goes on with the rest, and tries it again when resumed', async () => {
    const options = { cwd: newFolder(), env: { BLOOM_ON_CLIENT_LOSS: 'stop' } };
    const sweep = 'chaos=nan=client1@step1;';
    const { exitCode, stdout, stderr } = await bloom(['compare', '--sweep', sweep, ...SMALL], options);
    const directory = directoryIn(options.cwd);
    expect(exitCode).to.equal(1);
    expect(linesOf(stdout)[0]).to.match(/^\[1\/2\] chaos nan=client1@step1, seed 0: failed: .*client 1/i);
    expect(linesOf(stdout)[1]).to.match(/^\[2\/2\] chaos \(empty\), seed 0: accuracy /);
    expectOneMessage(stderr);
    expect(stderr).to.match(
      /1 of 2 runs failed: .*comparison\.md says why.*compare --resume outputs\/compare-/,
    );
    const [failed, done] = runsIn(directory);
    expect([failed.status, done.status]).to.deep.equal(['failed', 'done']);
    for (const file of ['comparison.md', 'comparison.html'])
      expect(readFileSync(join(directory, file), 'utf8')).to.match(/seed 0: failed\. .*client 1/i);

    // Faults are not repeated by a run that goes on, so now it ends; the environment is not asked again.
    const again = await bloom(['compare', '--resume', directory], { cwd: options.cwd });
    expect(again.exitCode, again.stderr).to.equal(0);
    const [repaired, kept] = runsIn(directory);
    expect(repaired).to.include({ status: 'done', why_failed: null, was_resumed: true });
    expect(repaired.results!.wall_seconds).to.equal(null);
    expect(repaired.results!.accuracy).to.equal(done.results!.accuracy);
    expect(kept).to.deep.equal(done);
  });

  it('shows a run that was killed as failed', async () => {
    const options = { cwd: newFolder() };
    const { running, directory } = await started([...SMALL, ...SLOW], options);
    const first = join(directory, runsIn(directory)[0].directory);
    await appears(join(first, 'metrics.jsonl'));
    const { pid } = readJson(join(first, '.lock')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    const { exitCode, stdout } = await running.end;
    expect(exitCode).to.equal(1);
    expect(linesOf(stdout)[0]).to.include('failed: Its process ended by SIGKILL');
    expect(linesOf(stdout)[1]).to.include('accuracy');
  });

  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    it(`${signal} stops the run under way with a checkpoint; resumed, it comes to the same`, async () => {
      const options = { cwd: newFolder() };
      const { running, directory } = await started([...SMALL, ...SLOW], options);
      const runs = runsIn(directory).map((run) => join(directory, run.directory));
      await appears(join(runs[1], 'metrics.jsonl'));
      running.kill(signal);
      const outcome = await running.end;
      expect(outcome.exitCode).to.equal(exitCode);
      expect(outcome.stderr).to.include(`${signal}: the run under way writes a checkpoint and ends`);
      expect(outcome.stderr).to.match(
        /^error: Stopped by SIG\w+, with 1 of 2 runs done\. Go on with: .*--resume /m,
      );
      expect(runsIn(directory).map(({ status }) => status)).to.deep.equal(['done', 'interrupted']);
      expect(readdirSync(join(runs[1], 'checkpoints'))).not.to.deep.equal([]);
      const [kept] = runsIn(directory);

      const { exitCode: rest, stdout, stderr } = await bloom(['compare', '--resume', directory], options);
      expect(rest, stderr).to.equal(0);
      expect(stdout).to.include('2 runs, 1 of them done');
      const [first, second] = runsIn(directory);
      expect(first).to.deep.equal(kept);
      expect(second).to.include({ status: 'done', was_resumed: true });
      const whole = await trainOnce(['--n-workers', '2', '--seed', '1', ...SMALL], { cwd: newFolder() });
      expect(second.results!.accuracy).to.equal(readJson(join(whole.directory, 'summary.json')).accuracy);
    });

  it('gives the key of Weights & Biases to its runs, and writes it nowhere', async () => {
    const server = await startWandbServer();
    try {
      const options = { cwd: newFolder(), env: { WANDB_API_KEY: GOOD_KEY } };
      const where = ['--wandb-track', 'true', '--wandb-base-url', server.url];
      await bloomOutput(['compare', '--sweep', 'wandb.group=one', ...where, ...SMALL], options);
      expect(server.run().exitCode).to.equal(0);
      expect(server.run().config.n_workers).to.deep.equal({ value: 4 });
      expectNowhereIn(options.cwd, GOOD_KEY);
    } finally {
      await server.close();
    }
  });

  it('is refused while another process works in the directory', async () => {
    const options = { cwd: newFolder() };
    const { running, directory } = await started([...SMALL, ...SLOW], options);
    await appears(join(directory, runsIn(directory)[0].directory));
    const { exitCode, stderr } = await bloom(['compare', '--resume', directory], options);
    expect(stderr).to.match(/Process \d+ works in this .*directory/);
    expectOneMessage(stderr);
    expect(exitCode).to.equal(1);
    running.kill('SIGINT');
    await running.end;
  });

  for (const refusal of refusals)
    it(`refuses ${refusal.what}`, () => expectRefused({ ...refusal, command: 'compare' }));
});

/** A comparison of two seeds that runs; its directory is there. */
async function started(args: readonly string[], options: RunOptions) {
  const running = startBloom(['compare', '--seeds', '2', '--n-workers', '2', ...args], options);
  await running.says(/^comparison in /m);
  const directory = directoryIn(options.cwd);
  await appears(join(directory, 'comparison.json'));
  return { running, directory };
}
