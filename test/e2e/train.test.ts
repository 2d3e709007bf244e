import { expect } from 'chai';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  bloom,
  bloomOutput,
  newFolder,
  readJson,
  readJsonLines,
  removeFolders,
  runDirectories,
  trainOnce,
} from '../support/e2e_command.js';
import { decodeSafetensors } from '../../src/core/safetensors.js';

const SMALL = ['--n-workers', '3', '--max-samples', '600', '--n-epochs', '2'];

/** Fields of every line of metrics.jsonl by its type, and how many lines SMALL gives: 3 shards of 200 rows, 7 batches each. */
const eventKinds: Readonly<Record<string, { readonly count: number; readonly fields: string }>> = {
  step: { count: 42, fields: 'type step round client rows loss accuracy' },
  visit: { count: 6, fields: 'type round client steps rows loss accuracy' },
  hand_over: { count: 5, fields: 'type round steps from to sha256 bytes' },
  // After round 1, and at the last visit of each client in round 2.
  evaluation: { count: 4, fields: 'type round client steps rows loss accuracy weighted_f1' },
  forgetting: { count: 6, fields: 'type round client steps class_accuracy' },
  round: { count: 2, fields: 'type round steps rows train test' },
  summary: { count: 1, fields: 'type steps rows loss accuracy weighted_f1 clients' },
};

describe('train', () => {
  let cwd: string;
  let directory: string;
  let stdout: string;

  before(async () => {
    cwd = newFolder();
    ({ directory, stdout } = await trainOnce(SMALL, { cwd }));
  });
  after(removeFolders);

  const events = () => readJsonLines(join(directory, 'metrics.jsonl'));
  const summary = () => readJson(join(directory, 'summary.json'));

  it('leaves nothing elsewhere: no library keeps records of its own', async () => {
    const [HOME, TMPDIR] = [newFolder(), newFolder()];
    await trainOnce(SMALL, {
      cwd: newFolder(),
      env: { HOME, TMPDIR, XDG_CACHE_HOME: HOME, XDG_DATA_HOME: HOME },
    });
    expect(readdirSync(HOME), 'home').to.deep.equal([]);
    expect(readdirSync(TMPDIR), 'temporary files').to.deep.equal([]);
  });

  it('leaves exactly one run directory, named after date and time, with these files', () => {
    expect(relative(cwd, directory)).to.match(/^outputs\/\d{4}-\d\d-\d\d\/\d\d-\d\d-\d\d$/);
    expect(filesIn(directory)).to.deep.equal([
      '.hydra/config.yaml',
      '.hydra/overrides.yaml',
      'evaluation.json',
      'metrics.jsonl',
      'model/head.safetensors',
      'model/model.onnx',
      'model/tail.safetensors',
      'plots/accuracy.png',
      'plots/accuracy.svg',
      'plots/class_counts.png',
      'plots/class_counts.svg',
      'plots/confusion.png',
      'plots/confusion.svg',
      'plots/forgetting.png',
      'plots/forgetting.svg',
      'plots/loss.png',
      'plots/loss.svg',
      'plots/phase_time.png',
      'plots/phase_time.svg',
      'plots/precision_recall.png',
      'plots/precision_recall.svg',
      'plots/precision_recall_clients.png',
      'plots/precision_recall_clients.svg',
      'report.html',
      'run.log',
      'summary.json',
      'tensorboard/events',
      'tensorboard/events',
    ]);
    expect(readdirSync(cwd)).to.deep.equal(['outputs']);
  });

  it('metrics.jsonl: every event has the fields of its type, and none is missing', () => {
    for (const event of events()) {
      const kind = eventKinds[String(event.type)];
      expect(kind, `type ${String(event.type)}`).not.to.equal(undefined);
      expect(Object.keys(event).join(' ')).to.equal(kind.fields);
    }
    const types = events().map(({ type }) => type);
    for (const [type, { count }] of Object.entries(eventKinds))
      expect(
        types.filter((each) => each === type),
        type,
      ).to.have.length(count);
    expect(types.at(-1)).to.equal('summary');
  });

  it('metrics.jsonl: batches are numbered, cover every row, and go round the ring', () => {
    const steps = events().filter(({ type }) => type === 'step');
    expect(steps.map(({ step }) => step)).to.deep.equal(Array.from({ length: 42 }, (_, step) => step));
    expect(steps.slice(0, 7).map(({ rows }) => rows)).to.deep.equal([32, 32, 32, 32, 32, 32, 8]);
    const visits = events().filter(({ type }) => type === 'visit');
    const where = visits.map(({ round, client, rows, steps: after }) => [round, client, rows, after]);
    expect(where).to.deep.equal([0, 1, 2, 3, 4, 5].map((n) => [Math.floor(n / 3), n % 3, 200, 7 * (n + 1)]));
    const handOvers = events().filter(({ type }) => type === 'hand_over');
    const ways = handOvers.map(({ from, to }) => `${String(from)}-${String(to)}`);
    expect(ways).to.deep.equal(['0-1', '1-2', '2-0', '0-1', '1-2']);
    for (const { sha256 } of handOvers) expect(sha256).to.match(/^[0-9a-f]{64}$/);
  });

  it('summary.json: the last test, the score of each client, and what it was made with', () => {
    const written = summary();
    const last = events().findLast(({ type }) => type === 'evaluation');
    expect(written).to.include({ accuracy: last?.accuracy, loss: last?.loss, steps: 42, rows: 1200 });
    const tests = events().filter(({ type, round }) => type === 'evaluation' && round === 1);
    const scores = tests.map(({ client, loss, accuracy, weighted_f1 }) => ({
      client,
      rows: 200,
      loss,
      accuracy,
      weighted_f1,
    }));
    expect(written.clients).to.deep.equal(scores);
    expect(written).to.include({
      run_directory: relative(cwd, directory),
      dataset: 'mnist',
      mode: 'sequential',
      u_shaped: false,
      model: 'lenet',
      cut: 'pool2',
      seed: 0,
      engine: 'onnxruntime',
    });
    expect(written.devices).to.have.property('tail', 'cpu');
    expect(written.versions).to.include({ node: process.versions.node });
    expect(written.versions).to.include.keys('bloom-split', 'onnxruntime');
    for (const name of ['samples_per_second', 'wall_seconds', 'peak_memory_mb'])
      expect(written[name], name).to.be.greaterThan(0);
    expect(Object.keys(written)).to.have.length(31);
  });

  it('run.log: JSON lines with level and time, from the start of the run to its end', () => {
    const lines = readJsonLines(join(directory, 'run.log'));
    expect(lines[0]).to.include({ message: 'run starts', level: 'info', numSteps: 42 });
    expect(lines.at(-1)).to.include({ message: 'run ends', level: 'info', steps: 42 });
    for (const { timestamp } of lines) expect(timestamp).to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const messages = new Set(lines.map(({ message }) => message));
    expect([...messages].sort()).to.deep.equal([
      'evaluation',
      'forgetting',
      'hand_over',
      'round',
      'run ends',
      'run starts',
      'visit',
    ]);
  });

  it('overrides.yaml: what differs from the defaults, and nothing else', () => {
    const text = readFileSync(join(directory, '.hydra', 'overrides.yaml'), 'utf8');
    expect(text).to.equal('- n_epochs=2\n- n_workers=3\n- max_samples=600\n');
  });

  it('model/: parameters under their names in PyTorch', () => {
    expect(tensorsIn('head')).to.deep.equal({
      'conv1.weight': [6, 1, 5, 5],
      'conv1.bias': [6],
      'conv2.weight': [16, 6, 5, 5],
      'conv2.bias': [16],
    });
    expect(tensorsIn('tail')).to.deep.equal({
      'fc1.weight': [120, 400],
      'fc1.bias': [120],
      'fc2.weight': [84, 120],
      'fc2.bias': [84],
      'fc3.weight': [10, 84],
      'fc3.bias': [10],
    });
  });

  it('stdout: what will run, a line a round, what came out and where everything is', () => {
    const path = relative(cwd, directory);
    expect(stdout).to.match(/^bloom-split: sequential split learning\n/);
    expect(stdout).to.match(
      /^ {2}data +mnist, 600 training and 600 test rows\n {2}from +.* \(checksums verified\)$/m,
    );
    expect(stdout).to.match(/^ {2}model +lenet, cut after pool2$/m);
    expect(stdout).to.match(
      /^ {2}head +2572 parameters, sgd, lr 0\.01, momentum 0\.9, weight decay 0\.0005$/m,
    );
    expect(stdout).to.match(/^ {2}tail +59134 parameters, sgd/m);
    expect(stdout).to.match(/^ {2}clients +3 with 200 rows each \(iid\), batches of 32$/m);
    expect(stdout).to.match(/^ {2}server +cpu: tail\n {2}thread 0 +cpu: heads? of clients? 0/m);
    expect(stdout).not.to.match(/^ {2}environment|^note:/m);
    const rounds = stdout.match(/^round \d\/2 .*test accuracy 0\.\d{4}$/gm);
    expect(rounds?.map((line) => line.slice(0, 9))).to.deep.equal(['round 1/2', 'round 2/2']);
    const { accuracy, loss } = summary() as { accuracy: number; loss: number };
    expect(stdout).to.include(`\ntest accuracy ${accuracy.toFixed(4)}, weighted F1 0.`);
    expect(stdout).to.include(`, loss ${loss.toFixed(4)} (final head and tail)\n`);
    expect(stdout).to.include(`\neverything is in ${path} (`);
    expect(stdout).to.include(`\ntest it again: npx bloom-split evaluate ${path}\n`);
  });

  it('evaluate prints the accuracy and loss of the summary', async () => {
    const { accuracy, loss } = summary() as { accuracy: number; loss: number };
    const text = await bloomOutput(['evaluate', directory], { cwd: newFolder() });
    expect(text).to.equal(`test accuracy ${accuracy.toFixed(4)}, test loss ${loss.toFixed(6)} on 600 rows\n`);
  });

  it('evaluate --engine computes with another engine than the run', async () => {
    const cwd = newFolder();
    cpSync(directory, join(cwd, 'run'), { recursive: true });
    const config = join(cwd, 'run', '.hydra', 'config.yaml');
    writeFileSync(
      config,
      readFileSync(config, 'utf8').replace('engine: onnxruntime\n', 'engine: tensorflow\n'),
    );
    const { accuracy } = summary() as { accuracy: number };
    const text = await bloomOutput(['evaluate', 'run', '--engine', 'onnxruntime'], { cwd });
    expect(text).to.match(new RegExp(`^test accuracy ${accuracy.toFixed(4)}, `));
    const { exitCode, stderr } = await bloom(['evaluate', 'run', '--engine', 'torch'], { cwd });
    expect(stderr).to.match(/'torch' is invalid.*auto, onnxruntime, tensorflow/);
    expect(exitCode).to.equal(2);
  });

  it('--config with the configuration of a run repeats it, to the last byte', async () => {
    const elsewhere = newFolder();
    const config = join(directory, '.hydra', 'config.yaml');
    const again = await trainOnce(['--config', config], { cwd: elsewhere });
    for (const file of [
      'metrics.jsonl',
      'model/head.safetensors',
      'model/model.onnx',
      'model/tail.safetensors',
      '.hydra/config.yaml',
    ])
      expect(
        readFileSync(join(again.directory, file)).equals(readFileSync(join(directory, file))),
        file,
      ).to.equal(true);
  });

  it('two runs at once get two directories', async () => {
    const both = newFolder();
    const args = ['train', '--n-workers', '2', '--max-samples', '64', '--n-epochs', '1', '--plots', 'false'];
    await Promise.all([bloomOutput(args, { cwd: both }), bloomOutput(args, { cwd: both })]);
    const [first, second, ...more] = runDirectories(both);
    expect(more).to.deep.equal([]);
    expect(readFileSync(join(first, 'metrics.jsonl'))).to.deep.equal(
      readFileSync(join(second, 'metrics.jsonl')),
    );
    expect(filesIn(first)).to.deep.equal(filesIn(second));
  });

  function tensorsIn(half: string): Record<string, readonly number[]> {
    const path = join(directory, 'model', `${half}.safetensors`);
    const tensors = decodeSafetensors(readFileSync(path), path);
    return Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]));
  }
});

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return (
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      // The rest of the name is time and process.
      .map((name) => name.replace(/^(tensorboard\/events)\.out\.tfevents\..*$/, '$1'))
      .sort()
  );
}
