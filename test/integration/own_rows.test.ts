import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { knownRows } from '../../src/cli/hosts/known_rows.js';
import { planOf, planRun, type LocalPlan } from '../../src/cli/plan.js';
import { plannedTraffic } from '../../src/cli/planned_cuts.js';
import { configFrom, configFromFile } from '../../src/config/load.js';
import type { StepEvent, TrainEvent } from '../../src/core/events.js';
import { noProgress } from '../../src/core/progress.js';
import type { Rows } from '../../src/data/dataset.js';
import { runFiles } from '../../src/report/run_directory.js';
import { bloom, newFolder, removeFolders, type Running } from '../support/e2e_command.js';
import { openHosts, unionOf, type Hosts } from '../support/hosts.js';
import { describeWithNatsServer } from '../support/nats_server.js';
import {
  removeRuns,
  resumeHere,
  trainHere,
  type ProcessRun,
  type RunWishes,
} from '../support/run_in_process.js';
import { encodeIdx } from '../unit/data/idx_files.js';

/** Three clients, each with about a third of 200 rows, dealt out once; and with test rows of its own: 40, 30 and 20. */
const SPLIT = { n_workers: 3, data_split: 'num_samples', samples_sigma: 0.3 };
const TRAINING = { n_epochs: 2, model: 'lenet', batch_size: 16, checkpoint_every: 2, checkpoint_min_s: 0 };
const TEST_SIZES = [40, 30, 20];
const CLIENTS = [0, 1, 2];

/** With all clients in every round, and with two of three. */
const variants = [
  { mode: 'sequential', n_epochs: 3, client_fraction: 0.7 },
  { mode: 'splitfed_v1', u_shaped: true, splitfed_optimizer: 'average', 'optimizer.head.name': 'adam' },
  { mode: 'splitfed_v2', n_epochs: 3, client_fraction: 0.7, splitfed_optimizer: 'keep' },
];

describeWithNatsServer('clients with rows of their own, over NATS', () => {
  let hosts: Hosts;
  let all: LocalPlan;
  /** By client: where its rows are. */
  const folders: string[] = [];

  before(async () => {
    all = await planRun(configFrom({ ...SPLIT, max_samples: 200 }).config, noProgress);
    const { dataset, partition } = all;
    for (const client of CLIENTS) {
      const folder = newFolder();
      writeRows(folder, 'train', dataset.train, partition.shards[client]);
      const before = TEST_SIZES.slice(0, client).reduce((sum, size) => sum + size, 0);
      writeRows(
        folder,
        't10k',
        dataset.test,
        Uint32Array.from({ length: TEST_SIZES[client] }, (_, row) => before + row),
      );
      folders.push(folder);
    }
    hosts = await openHosts(CLIENTS.length);
  });
  after(async () => {
    await hosts.close();
    removeRuns();
    removeFolders();
  });

  /** The clients' processes that were started last. */
  let joined: readonly Running[] = [];
  const leave = async () => {
    for (const running of joined) running.kill('SIGKILL');
    await Promise.all(joined.map(({ end }) => end));
  };
  // Two processes of one client would take each other for a client that came back.
  const joinAll = async () => {
    await leave();
    joined = CLIENTS.map((client) => hosts.join(client, ['--data-dir', folders[client]]));
  };
  afterEach(leave);
  const ownOptions = (options: object) => ({
    ...TRAINING,
    ...options,
    n_workers: CLIENTS.length,
    data_split: 'own',
    link: 'nats',
    'nats.url': hosts.broker.url,
    'nats.key_file': join(hosts.folder, 'server.key.yaml'),
    'nats.peers': join(hosts.folder, 'peers.yaml'),
  });
  const trainOwn = async (options: object, wishes: RunWishes = {}) => {
    await joinAll();
    return await trainHere(ownOptions(options), wishes);
  };
  const union = ({ error, directory }: ProcessRun) => {
    expect(error).to.equal(undefined);
    return unionOf(
      directory,
      CLIENTS.map((client) => hosts.clientFolder(client)),
    );
  };

  for (const options of variants) {
    it(`train as where the same rows are dealt out, are tested again, and planned to the byte: ${JSON.stringify(options)}`, async () => {
      const own = await trainOwn(options);
      const ofOwn = union(own);
      const dealt = await trainHere({ ...TRAINING, ...SPLIT, ...options, max_samples: 200 });
      const ofDealt = unionOf(dealt.directory);
      const parts = Object.keys(ofDealt).filter((name) => name.endsWith('.safetensors'));
      expect(parts).to.include.members(['head.safetensors', 'tail.safetensors']);
      for (const name of parts) expect(ofOwn[name], name).to.equal(ofDealt[name]);

      const { summary } = own;
      const heads = summary?.client_files.filter(({ file }) => file === join('model', 'head.safetensors'));
      expect(heads?.map(({ client }) => client)).to.deep.equal(CLIENTS);
      for (const { client, file, sha256 } of heads ?? []) {
        const head = readFileSync(join(hosts.clientFolder(client), runFolder(own), file));
        expect(createHash('sha256').update(head).digest('hex')).to.equal(sha256);
        expect(sha256).to.equal(ofDealt['head.safetensors']);
      }

      await joinAll();
      const { stdout, stderr } = await bloom(['evaluate', own.directory], { cwd: hosts.folder });
      const [accuracy, loss] = [summary?.accuracy.toFixed(4), summary?.loss.toFixed(6)];
      expect(stdout, stderr).to.equal(`test accuracy ${accuracy}, test loss ${loss} on 90 rows\n`);

      const { config } = configFromFile(runFiles(own.directory).config);
      const wanted = plannedTraffic(config, planOf(config, knownRows(config, toldBy(all)))).map(
        ({ amounts, roundTrips }) => ({ flows: amounts, round_trips: roundTrips }),
      );
      expect(summary?.traffic.clients).to.deep.equal(wanted);
    });
  }

  it('are resumed to the same bytes', async () => {
    const options = { mode: 'splitfed_v1', n_epochs: 3, client_fraction: 0.7 };
    const whole = await trainOwn(options);
    const ofWhole = union(whole);
    const numSteps = whole.summary?.steps ?? 0;
    const stopped = await trainOwn(options, { stopAfter: Math.floor(numSteps * 0.6) });
    expect(stopped.error).to.have.property('code', 'ERR_INTERRUPTED');
    // Its clients wait.
    expect(union(await resumeHere(stopped.directory))).to.deep.equal(ofWhole);
  });

  it('do without a visit that failed, as if it had not been due', async () => {
    const options = { mode: 'splitfed_v2' };
    const asked = await trainOwn({ ...options, skip_visits: '2@1' });
    const ofAsked = union(asked);
    const last = asked.events.filter((event) => event.type === 'evaluation').slice(-2);
    expect(last.map(({ client, rows }) => [client, rows])).to.deep.equal([
      [0, 40],
      [1, 30],
    ]);
    const whole = await trainHere({ ...TRAINING, ...SPLIT, ...options, max_samples: 200 });
    const later = whole.events.filter(
      (event) => event.type === 'step' && event.client === 2 && event.round === 1,
    );
    const chaos = `kill=client2@step${(later[1] as StepEvent).step}`;
    const skipped = await trainOwn({ ...options, on_client_loss: 'skip', chaos });
    expect(skipped.warnings.join()).to.match(/The visit 2@1 is left out/);
    expect(union(skipped)).to.deep.equal(ofAsked);
  });

  it('do without a client that is gone for good when it is to test', async () => {
    await joinAll();
    const heard = (event: TrainEvent) => {
      if (event.type === 'average' && event.round === 0) joined[1].kill('SIGKILL');
    };
    const skip = { on_client_loss: 'skip', rejoin_timeout_s: 1 };
    const run = await trainHere(ownOptions({ mode: 'splitfed_v1', n_epochs: 3, ...skip }), { heard });
    expect(run.error).to.equal(undefined);
    expect(run.warnings.join('\n')).to.match(/waiting for "client 1: receiveHead"/);
    const { skipped_visits, clients, client_files } = run.summary!;
    expect(skipped_visits).to.deep.equal(['1@0', '1@1', '1@2']);
    expect(clients.map(({ loss }) => loss === null)).to.deep.equal([false, true, false]);
    expect(client_files.map(({ client }) => client)).to.deep.equal([0, 2]);
  });
});

/** What clients call the folder of a run. */
function runFolder({ directory }: ProcessRun): string {
  return directory.split('/').slice(-2).join('_');
}

/** What clients with these shards tell. */
function toldBy({ dataset, partition }: LocalPlan) {
  return CLIENTS.map((client) => ({
    ...dataset,
    numTrainRows: partition.shards[client].length,
    numTestRows: TEST_SIZES[client],
    shardSize: partition.shards[client].length,
    numLeftOut: 0,
    whyLeftOut: '',
    untestedClasses: [],
    numForgettingRows: 1,
    dataSha256: '',
  }));
}

function writeRows(
  folder: string,
  name: 'train' | 't10k',
  { pictures, labels }: Rows,
  rows: Uint32Array,
): void {
  const size = 28 * 28;
  const chosen = [...rows];
  const bytes = Uint8Array.from(
    chosen.flatMap((row) => [...pictures.subarray(row * size, (row + 1) * size)]),
  );
  writeFileSync(join(folder, `${name}-images-idx3-ubyte`), encodeIdx([rows.length, 28, 28], bytes));
  writeFileSync(
    join(folder, `${name}-labels-idx1-ubyte`),
    encodeIdx(
      [rows.length],
      chosen.map((row) => labels[row]),
    ),
  );
}
