import { expect } from 'chai';
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { startTracker } from '../../src/cli/tracker_process.js';
import { configFrom } from '../../src/config/load.js';
import { GOOD_KEY, startWandbServer, type Reply, type WandbServer } from '../support/wandb_server.js';
import { endRun, linesOf, makeRun, removeRuns } from '../support/wandb_run.js';

describe('a run and its tracker', () => {
  let server: WandbServer;
  beforeEach(async () => {
    server = await startWandbServer();
  });
  afterEach(() => server.close());
  after(removeRuns);

  /** A run of 25 batches: 10 are trained when its tracker starts, the others after `meanwhile`. */
  async function runWith(
    options: object,
    { meanwhile = () => Promise.resolve(), longestWaitMs = 30_000 } = {},
  ) {
    const said = { warnings: [] as string[], notes: [] as string[], lines: [] as string[] };
    const wandb = { track: true, key: GOOD_KEY, base_url: server.url, ...options };
    const runDirectory = makeRun(10, { ...wandb, key: '' });
    const tracker = startTracker({
      runDirectory,
      wandb: configFrom({ wandb }).config.wandb,
      longestWaitMs,
      warn: (message) => said.warnings.push(message),
      note: (message) => said.notes.push(message),
      say: (line) => said.lines.push(line),
    });
    await meanwhile();
    appendFileSync(join(runDirectory, 'metrics.jsonl'), linesOf(10, 15));
    endRun(runDirectory);
    await tracker.finish();
    const all = JSON.stringify(said);
    expect(all).not.to.include(GOOD_KEY);
    return {
      ...said,
      runDirectory,
      later: `Send what is missing at any time: npx bloom-split track ${runDirectory}`,
    };
  }

  it('sends while the run goes on, and the rest at its end', async () => {
    const { warnings, notes, lines } = await runWith(
      {},
      { meanwhile: () => server.until(() => [...server.runs.values()].at(0)?.lines.length === 9) },
    );
    expect(warnings).to.deep.equal([]);
    expect(server.run().lines).to.have.length(25);
    expect(server.run().exitCode).to.equal(0);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(
      /^Weights & Biases has all of .*http:.* \(25 rows and 1 files were sent now\)$/,
    );
    expect(notes).to.have.length(2);
  });

  it('is not there where it is not wanted', async () => {
    for (const options of [{ track: false }, { mode: 'disabled' }, { mode: 'disabled', key: '' }]) {
      const { warnings, notes, lines } = await runWith(options);
      expect([warnings, notes, lines]).to.deep.equal([[], [], []]);
    }
    expect(server.requests).to.have.length(0);
  });

  it('offline sends nothing, and says how to send it later', async () => {
    const { warnings, lines, later, runDirectory } = await runWith({ mode: 'offline', key: '' });
    expect(warnings).to.deep.equal([]);
    expect(lines).to.deep.equal([`not sent to Weights & Biases. ${later}`]);
    expect(server.requests).to.have.length(0);
    expect(existsSync(join(runDirectory, 'tracker.json'))).to.equal(false);
  });

  it('without a key that could be one warns once, and says how to send it later', async () => {
    for (const [key, problem] of [
      ['', 'There is no API key'],
      [' ', 'has white space in it'],
      [`${GOOD_KEY}\n`, 'has white space in it'],
    ]) {
      const { warnings, lines, later } = await runWith({ key });
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.include(problem).and.include('Training goes on.').and.include(later);
      expect(lines).to.deep.equal([`not sent to Weights & Biases. ${later}`]);
    }
  });

  it('that takes its time is left behind, and sends the rest by itself', async () => {
    let answer: () => void = () => undefined;
    const held = new Promise<undefined>((resolve) => {
      answer = () => {
        resolve(undefined);
      };
    });
    server.intercept = () => held;
    const { warnings, lines, later } = await runWith(
      {},
      { meanwhile: () => server.until(() => server.requests.length > 0), longestWaitMs: 50 },
    );
    expect(warnings).to.deep.equal([]);
    expect(lines[0])
      .to.match(/^still being sent to Weights & Biases by process \d+\. /)
      .and.include(later);
    answer();
    await server.until(() => [...server.runs.values()].at(0)?.exitCode === 0);
    expect(server.run().lines).to.have.length(25);
  });

  it('that cannot start warns once, and the run goes on', async () => {
    const program = process.execPath;
    process.execPath = '/nowhere/node';
    try {
      const { warnings, lines, later } = await runWith({});
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.include('ENOENT').and.include('Training does not need it.');
      expect(lines).to.deep.equal([`not everything was sent to Weights & Biases. ${later}`]);
    } finally {
      process.execPath = program;
    }
  });

  interface Failure {
    readonly what: string;
    readonly options?: object;
    readonly reply?: Reply;
    readonly warning: string;
  }
  const failures: readonly Failure[] = [
    { what: 'a wrong key', options: { key: `${GOOD_KEY}-wrong` }, warning: 'refuses the API key' },
    { what: 'a server that fails', reply: { status: 500 }, warning: 'answered 500 to the check of the key' },
    {
      what: 'a server that says nothing',
      reply: 'hang',
      warning: 'did not answer to the check of the key in time',
    },
  ];
  for (const { what, options = {}, reply, warning } of failures)
    it(`with ${what} warns once, and says how to send it later`, async () => {
      server.intercept = () => reply;
      const { warnings, lines, later } = await runWith(options);
      expect(warnings).to.have.length(1);
      expect(warnings[0])
        .to.include(warning)
        .and.not.match(/^(warning|error): /);
      expect(lines).to.deep.equal([`not everything was sent to Weights & Biases. ${later}`]);
    });
});
