import { expect } from 'chai';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  bloom,
  newFolder,
  readJson,
  readJsonLines,
  removeFolders,
  runDirectories,
  trainOnce,
} from '../support/e2e_command.js';

const SMALL = ['--n-workers', '2', '--max-samples', '200', '--n-epochs', '2', '--plots', 'false'];

describe('train, options', () => {
  after(removeFolders);

  it('n_threads 1, 2 and 4 give the same metrics and the same summary', async () => {
    const args = ['--n-workers', '4', '--max-samples', '400', '--n-epochs', '1'];
    const runs = await inTurn(['1', '2', '4'], (threads) => trained([...args, '--n-threads', threads]));
    const [one] = runs;
    for (const { metrics, summary } of runs) {
      expect(metrics).to.deep.equal(one.metrics);
      expect(summary).to.include({ accuracy: one.summary.accuracy, loss: one.summary.loss });
      expect(summary.clients).to.deep.equal(one.summary.clients);
    }
    const numThreads = runs.map(({ summary }) => (summary.devices as { threads: string[] }).threads.length);
    expect(numThreads).to.deep.equal([1, 2, 4]);
  });

  it('another seed gives other numbers', async () => {
    const [zero, one] = await inTurn(['0', '1'], (seed) => trained([...SMALL, '--seed', seed]));
    expect(zero.metrics[0].loss).not.to.equal(one.metrics[0].loss);
  });

  it('values from the environment are shown with their variable, and flags win over them', async () => {
    const env = { EPOCHS: '1', BLOOM_MAX_SAMPLES: '128', BLOOM_SEED: '7', WORKERS: '3' };
    const { stdout, summary } = await trained(['--n-workers', '2'], env);
    const shown = stdout.match(/^ {2}environment .*$/gm)?.map((line) => line.replace(/ +/g, ' ').trim());
    expect(shown).to.have.members([
      'environment n_epochs = 1 (EPOCHS)',
      'environment max_samples = 128 (BLOOM_MAX_SAMPLES)',
      'environment seed = 7 (BLOOM_SEED)',
    ]);
    expect(summary).to.include({ seed: 7, rows: 128 });
    expect(summary.clients).to.have.length(2);
  });

  it('a W&B key is told nowhere, and nothing is sent where that was not asked for', async () => {
    const secret = 'some-secret-value';
    const cwd = newFolder();
    const { exitCode, stdout, stderr } = await bloom(['train', ...SMALL, '--log-level', 'debug'], {
      cwd,
      env: { WANDB_API_KEY: secret },
    });
    expect(exitCode, stderr).to.equal(0);
    expect(stdout + stderr).not.to.include('Weights & Biases');
    expect(stdout).to.match(/^ {2}environment +wandb\.key = \(set\) \(WANDB_API_KEY\)$/m);
    expect(stdout + stderr).not.to.include(secret);
    const [directory] = runDirectories(cwd);
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .map((name) => join(directory, name))
      .filter((path) => statSync(path).isFile());
    expect(files).to.have.length(10);
    for (const path of files) expect(readFileSync(path, 'latin1'), path).not.to.include(secret);
  });

  it('a W&B key of a wrong kind is not told by the error either', async () => {
    const cwd = newFolder();
    const args = ['train', '--wandb-key', 'one-secret', '--wandb-key', 'other-secret'];
    const { exitCode, stdout, stderr } = await bloom(args, { cwd });
    expect(stderr).to.match(/^error: `wandb\.key` is given twice/);
    expect(stdout + stderr).not.to.match(/one-secret|other-secret/);
    expect(exitCode).to.equal(1);
    expect(runDirectories(cwd)).to.deep.equal([]);
  });

  it('max_steps ends training after so many batches, tested and saved', async () => {
    // 100 rows a client: four batches, then one of the second client.
    const { metrics, summary, stdout } = await trained([...SMALL, '--max-steps', '5']);
    const steps = metrics.filter(({ type }) => type === 'step').map(({ client }) => client);
    expect(steps).to.deep.equal([0, 0, 0, 0, 1]);
    expect(metrics.filter(({ type }) => type === 'evaluation')).to.have.length(2);
    expect(summary).to.include({ steps: 5, rows: 100 + 32 });
    expect(stdout).to.match(/^ {2}training +1 rounds, 5 batches/m);
  });

  it('clients that max_steps keeps from a visit have no score', async () => {
    const { summary, stdout } = await trained([...SMALL, '--max-steps', '3']);
    expect((summary.clients as object[])[1]).to.deep.equal({
      client: 1,
      rows: 100,
      loss: null,
      accuracy: null,
      weighted_f1: null,
    });
    expect(stdout).to.match(/^by client, after its last visit: 0: 0\.\d{4}, 1: not trained$/m);
  });

  it('a batch larger than a shard trains as one batch of the shard, and a note says so', async () => {
    const { metrics, stdout } = await trained([...SMALL, '--batch-size', '128']);
    expect(stdout).to.match(/^note: batch_size 128 is larger than a shard of 100 rows: .* one batch a pass/m);
    expect(metrics.filter(({ type }) => type === 'step').map(({ rows }) => rows)).to.deep.equal([
      100, 100, 100, 100,
    ]);
  });

  it('local_epochs = n_epochs visits each client once, for all its passes', async () => {
    const { metrics } = await trained([...SMALL, '--local-epochs', '2']);
    const visits = metrics.filter(({ type }) => type === 'visit');
    expect(visits.map(({ client, rows, steps }) => [client, rows, steps])).to.deep.equal([
      [0, 200, 8],
      [1, 200, 16],
    ]);
    expect(metrics.filter(({ type }) => type === 'hand_over')).to.have.length(1);
    expect(metrics.filter(({ type }) => type === 'round')).to.have.length(1);
  });

  it('handoff weights moves less, and trains differently from the second client on', async () => {
    const [both, weights] = await inTurn(['weights_and_optimizer', 'weights'], (handoff) =>
      trained([...SMALL, '--handoff', handoff]),
    );
    const losses = [both, weights].map(({ metrics }) =>
      metrics.filter(({ type }) => type === 'step').map(({ loss }) => loss),
    );
    // The first client's four batches, and the second's first, which meets the same weights.
    expect(losses[1].slice(0, 5)).to.deep.equal(losses[0].slice(0, 5));
    expect(losses[1].slice(6)).not.to.deep.equal(losses[0].slice(6));
    // 2,572 parameters of four bytes; momentum is as much again.
    expect(bytesOf(weights)).to.deep.equal([10_288, 10_288, 10_288]);
    expect(bytesOf(both)).to.deep.equal([20_576, 20_576, 20_576]);
  });

  it('adam in both halves hands over two moments with the weights', async () => {
    const lr = ['head', 'tail'].flatMap((side) => [
      `--optimizer-${side}-name`,
      'adam',
      `--optimizer-${side}-lr`,
      '0.001',
    ]);
    const run = await trained([...SMALL, ...lr]);
    expect(run.stdout).to.match(/^ {2}head +2572 parameters, adam, lr 0\.001, weight decay 0\.0005$/m);
    expect(run.stdout).to.match(/^ {2}tail +59134 parameters, adam, lr 0\.001, weight decay 0\.0005$/m);
    for (const bytes of bytesOf(run)) expect(bytes).to.be.at.least(3 * 10_288);
    const rounds = run.metrics.filter(({ type }) => type === 'round') as unknown as {
      train: { loss: number };
    }[];
    expect(rounds[1].train.loss).to.be.lessThan(rounds[0].train.loss);
  });

  for (const [cut, name] of [
    ['relu1', 'relu1'],
    ['4', 'conv2'],
  ]) {
    it(`femnist_cnn, cut ${cut}`, async () => {
      const args = ['--n-workers', '2', '--max-samples', '64', '--n-epochs', '1', '--model', 'femnist_cnn'];
      const { stdout, summary } = await trained([...args, '--cut', cut]);
      expect(stdout).to.match(new RegExp(`^ {2}model +femnist_cnn, cut after ${name}$`, 'm'));
      expect(summary).to.include({ model: 'femnist_cnn', cut: name, steps: 2 });
    });
  }
});

interface Trained {
  readonly stdout: string;
  readonly metrics: readonly Record<string, unknown>[];
  readonly summary: Record<string, unknown>;
}

async function trained(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Trained> {
  const { directory, stdout } = await trainOnce(args, { cwd: newFolder(), env });
  return {
    stdout,
    metrics: readJsonLines(join(directory, 'metrics.jsonl')),
    summary: readJson(join(directory, 'summary.json')),
  };
}

async function inTurn<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await act(item));
  return results;
}

function bytesOf({ metrics }: Trained): unknown[] {
  return metrics.filter(({ type }) => type === 'hand_over').map(({ bytes }) => bytes);
}
