import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  bloom,
  bloomOutput,
  newFolder,
  readJson,
  removeFolders,
  runDirectories,
  type Outcome,
} from '../support/e2e_command.js';
import { expectOneMessage } from '../support/e2e_refusal.js';
import { endRun, expectNowhereIn, makeRun, removeRuns } from '../support/wandb_run.js';
import { deadAddress, GOOD_KEY, startWandbServer, type WandbServer } from '../support/wandb_server.js';

const LATER = 'Send what is missing at any time: npx bloom-split track ';

describe('train and track', () => {
  let server: WandbServer;
  let cwd: string;
  beforeEach(async () => {
    server = await startWandbServer();
    cwd = newFolder();
  });
  afterEach(async () => {
    await server.close();
    if (readdirSync(cwd).length > 0) expectNowhereIn(cwd, GOOD_KEY);
    removeFolders();
  });
  after(removeRuns);

  const directory = () => runDirectories(cwd)[0];

  /** Trains 2 clients with 300 rows each, which must succeed: 20 batches. */
  async function train(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Outcome> {
    const small = ['--max-samples', '600', '--n-workers', '2', '--n-epochs', '1', '--wandb-track', 'true'];
    const outcome = await bloom(['train', ...small, '--plots', 'false', ...args], { cwd, env });
    expect(outcome.exitCode, outcome.stderr).to.equal(0);
    expect(outcome.stdout + outcome.stderr).not.to.include(GOOD_KEY);
    return outcome;
  }
  const track = (args: readonly string[] = []) =>
    bloomOutput(['track', directory(), ...args], { cwd, env: { WANDB_API_KEY: GOOD_KEY } });

  function expectWhole(): void {
    const run = server.run();
    const { accuracy, loss } = readJson(join(directory(), 'summary.json'));
    expect(run.exitCode).to.equal(0);
    expect(run.summary).to.include({ accuracy, loss });
    const steps = run.lines.map((line) => (JSON.parse(line) as { _step: number })._step);
    expect(steps.slice(0, 20)).to.deep.equal(Array.from({ length: 20 }, (_, step) => step));
    expect(run.config.n_workers).to.deep.equal({ value: 2 });
    expect(run.config).not.to.have.property('wandb');
    expect(run.files.get('evaluation.json')).to.deep.equal(
      readFileSync(join(directory(), 'evaluation.json')),
    );
    expect(readJson(join(directory(), 'tracker.json'))).to.include({ exit_code: 0 });
  }

  it('a run is sent while it goes on, and is whole in the end; its key is seen by nobody', async () => {
    const where = ['--wandb-base-url', server.url, '--wandb-project', 'p', '--wandb-group', 'g'];
    const trained = train([...where, '--wandb-key', GOOD_KEY], { WANDB_PROJECT: 'another' });
    await server.until(() => server.requests.length > 0);
    // Both processes are there now.
    const titles = commandLines().filter((text) => text.startsWith('bloom-split '));
    if (process.platform === 'linux')
      expect(titles).to.include.members(['bloom-split train', 'bloom-split track']);
    expect(commandLines().join('\n')).not.to.include(GOOD_KEY);
    const { stdout, stderr } = await trained;
    expect(stderr).to.equal('');
    expectWhole();
    const [day, time] = directory().split('/').slice(-2);
    const registered = { project: 'p', groupName: 'g', displayName: `${day} ${time}` };
    expect(server.run().registered).to.include(registered);
    const url = String(readJson(join(directory(), 'tracker.json')).url);
    expect(url).to.match(new RegExp(`^${server.url}/somebody/p/runs/${day}_${time}_[0-9a-f]{8}$`));
    expect(lastLineOf(stdout)).to.include('Weights & Biases has all of').and.include(url);
    const numRequests = server.requests.length;
    expect(await track()).to.include(url);
    expect(server.requests).to.have.length(numRequests);
  });

  it('without a server the run ends well, with one warning, and is sent later', async () => {
    const address = await deadAddress();
    const { stdout, stderr } = await train(['--wandb-base-url', address], { WANDB_API_KEY: GOOD_KEY });
    const warning = `Weights & Biases at ${address} cannot be reached (connect ECONNREFUSED`;
    expectOneWarning(stderr, warning, LATER);
    expect(lastLineOf(stdout)).to.equal(
      `not everything was sent to Weights & Biases. ${LATER}${inCwd(directory())}`,
    );
    expect(readFileSync(join(directory(), 'run.log'), 'utf8')).to.include(warning);
    expect(await track(['--wandb-base-url', server.url])).to.include('has all of');
    expectWhole();
  });

  it('without a key the run ends well, with one warning, and is sent later', async () => {
    const { stdout, stderr } = await train(['--wandb-base-url', server.url]);
    expectOneWarning(stderr, 'There is no API key of Weights & Biases: set WANDB_API_KEY', LATER);
    expect(lastLineOf(stdout)).to.include('not sent to Weights & Biases').and.include(LATER);
    expect(server.requests).to.have.length(0);
    expect(existsSync(join(directory(), 'tracker.json'))).to.equal(false);
    await track();
    expectWhole();
  });

  it('track refuses what it cannot send, with one message', async () => {
    const run = makeRun(3);
    endRun(run);
    const refusals: readonly (readonly [readonly string[], string, object])[] = [
      [['nowhere'], 'Give a run directory', {}],
      [
        [run, '--wandb-base-url', `http://api:${GOOD_KEY}@127.0.0.1`],
        'without user name or password was expected',
        {},
      ],
      [[run, '--wandb-project', 'a/b'], '`wandb.project` is "a/b"', {}],
      [[run], 'There is no API key of Weights & Biases', { WANDB_API_KEY: '' }],
      [[run], 'The API key of Weights & Biases has white space in it', { WANDB_API_KEY: 'two words' }],
    ];
    for (const [args, says, changes] of refusals) {
      const env = { WANDB_API_KEY: GOOD_KEY, ...changes };
      const { exitCode, stdout, stderr } = await bloom(['track', ...args], { cwd, env });
      expect(exitCode).to.equal(1);
      expectOneMessage(stderr);
      expect(stderr).to.include(says).and.not.include(GOOD_KEY);
      expect(stdout).to.equal('');
    }
    expect(existsSync(join(run, 'tracker.json'))).to.equal(false);
  });

  /** As the command prints paths. */
  function inCwd(path: string): string {
    return path.slice(cwd.length + 1);
  }
});

/** Of every process that can be seen; none where there is no /proc. */
function commandLines(): readonly string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '')];
      } catch {
        return []; // has just ended
      }
    });
}

function expectOneWarning(stderr: string, ...texts: readonly string[]): void {
  expect(stderr).to.match(/^warning: [^\n]*\n$/);
  for (const text of texts) expect(stderr).to.include(text);
}

function lastLineOf(text: string): string | undefined {
  return text.trimEnd().split('\n').at(-1);
}
