import { expect } from 'chai';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wandbApi } from '../../../../src/report/wandb/api.js';
import { Patience } from '../../../../src/report/wandb/patience.js';
import { trackRun, type Follow, type TrackedRun } from '../../../../src/report/wandb/tracker.js';
import { GOOD_KEY, startWandbServer, type Reply, type WandbServer } from '../../../support/wandb_server.js';
import { addPlots, endRun, lineOf, linesOf, makeRun, png, removeRuns } from '../../../support/wandb_run.js';

describe('tracking a run', () => {
  let server: WandbServer;
  let directory: string;
  beforeEach(async () => {
    server = await startWandbServer();
    directory = makeRun(25);
  });
  afterEach(() => server.close());
  after(removeRuns);

  function track({ follow, ...changes }: Partial<TrackedRun> & { follow?: Follow } = {}) {
    const run = {
      runDirectory: directory,
      config: { seed: 7 },
      baseUrl: server.url,
      project: 'p',
      entity: '',
      group: 'g',
    };
    const patience = new Patience({ maxAttempts: 1, graceMs: 1000 });
    const options = { baseUrl: server.url, key: GOOD_KEY, userAgent: 't', patience, timeoutMs: 30_000 };
    const api = wandbApi({ ...options, onOutage: () => undefined });
    return trackRun({ ...run, ...changes }, { api, follow });
  }
  const operations = () => server.requests.map(({ operation }) => operation);
  const record = () =>
    JSON.parse(readFileSync(join(directory, 'tracker.json'), 'utf8')) as Record<string, unknown>;
  const rowsOf = (lines: readonly string[]) =>
    lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const finish = () => {
    endRun(directory);
    addPlots(directory, ['accuracy.png', 'loss.png']);
  };

  it('sends everything of a finished run, in order, and says where it is', async () => {
    finish();
    const { url, numRows, numFiles } = await track();
    expect(url).to.match(new RegExp(`^${server.url}/somebody/p/runs/2026-11-24_14-03-22_[0-9a-f]{8}$`));
    expect([numRows, numFiles]).to.deep.equal([25, 3]);
    expect(operations()).to.deep.equal([
      ...['viewer', 'upsertBucket', 'file_stream'],
      ...['createRunFiles', 'put', 'createRunFiles', 'put', 'createRunFiles', 'put'],
      ...['file_stream', 'file_stream', 'file_stream'],
    ]);
    const run = server.run();
    expect(run.registered).to.include({ displayName: '2026-11-24 14-03-22', project: 'p', groupName: 'g' });
    expect(run.config).to.deep.equal({ seed: { value: 7 } });
    const rows = rowsOf(run.lines);
    expect(rows.map(({ _step }) => _step)).to.deep.equal(Array.from({ length: 26 }, (_, step) => step));
    // Batches 9 and 19 end a visit; the last row has the pictures.
    expect(rows.flatMap((row, at) => ('visit/loss' in row ? [at] : []))).to.deep.equal([9, 19]);
    expect(Object.keys(rows[25])).to.deep.equal(['_step', 'plots/accuracy', 'plots/loss']);
    const picture = rows[25]['plots/loss'] as Record<string, unknown>;
    expect(picture).to.include({ _type: 'image-file', format: 'png', width: 3, height: 2, size: 68 });
    expect(run.files.get(String(picture.path))).to.deep.equal(png());
    expect(run.files.get('evaluation.json')?.toString()).to.equal('{"class_names":["a"]}\n');
    expect(run.uploaded).to.have.members([...run.files.keys()]);
    expect(run.summary).to.deep.include({
      'train/loss': 2 - 24 / 1e6,
      'clients/1/visit/loss': 1.5,
      'plots/loss': picture,
      accuracy: 0.875,
      clients: [{ client: 0 }],
      _wandb: { runtime: 12 },
    });
    expect(run.exitCode).to.equal(0);
  });

  it('sends nothing twice, and asks nobody where there is nothing to send', async () => {
    finish();
    const { url } = await track();
    const before = server.requests.length;
    expect(await track()).to.deep.equal({ url, numRows: 0, numFiles: 0 });
    expect(server.requests).to.have.length(before);
  });

  it('sends a plot that was drawn again, and nothing else', async () => {
    finish();
    await track();
    writeFileSync(join(directory, 'plots', 'loss.png'), Buffer.concat([png(), Buffer.from('x')]));
    expect(await track()).to.include({ numRows: 0, numFiles: 1 });
    const rows = rowsOf(server.run().lines);
    expect(rows).to.have.length(27);
    expect(Object.keys(rows[26])).to.deep.equal(['_step', 'plots/loss']);
    expect(rows[26]._step).to.equal(26);
    expect(server.run()).to.deep.include({ exitCode: 0 });
  });

  it('says that a run without a summary failed, and goes on with it where it went on', async () => {
    appendFileSync(join(directory, 'metrics.jsonl'), '{"type":"step","st');
    await track();
    expect(server.run().exitCode).to.equal(1);
    expect(server.run().lines).to.have.length(25);
    writeFileSync(join(directory, 'metrics.jsonl'), linesOf(0, 40));
    finish();
    await track();
    expect(server.run().exitCode).to.equal(0);
    expect(rowsOf(server.run().lines).map(({ _step }) => _step)).to.deep.equal(
      Array.from({ length: 41 }, (_, step) => step),
    );
  });

  it('sends a long run in parts that follow each other', async () => {
    writeFileSync(join(directory, 'metrics.jsonl'), linesOf(0, 2500));
    finish();
    await track();
    const parts = server.requests.flatMap(({ json }) => {
      const files = json.files as Record<string, { offset: number; content: string[] }> | undefined;
      const history = files?.['wandb-history.jsonl'];
      return history ? [[history.offset, history.content.length]] : [];
    });
    expect(parts).to.deep.equal([
      [0, 1000],
      [1000, 1000],
      [2000, 500],
      [2500, 1],
    ]);
  });

  it('follows a run: sends what is new, gives a sign of life, keeps the last row until it is whole', async () => {
    const seen: number[] = [];
    let looks = 0;
    const follow: Follow = {
      hasEnded: () => looks >= 40,
      nextLook() {
        seen.push(server.run().lines.length);
        looks++;
        if (looks === 2) appendFileSync(join(directory, 'metrics.jsonl'), linesOf(25, 5));
        if (looks === 40) finish();
        return Promise.resolve();
      },
    };
    await track({ follow });
    // 25 batches, the last of which may go on; 5 more at the second look; then nothing until the end.
    expect(seen).to.deep.equal([24, 24, ...Array<number>(38).fill(29)]);
    const empty = server.requests.filter(({ operation, json }) => operation === 'file_stream' && !json.files);
    // 38 looks without news are two signs of life; the last message is the end.
    expect(empty.map(({ json }) => json.complete)).to.deep.equal([false, false, true]);
    expect(server.run().lines).to.have.length(31);
    expect(server.run().exitCode).to.equal(0);
  });

  for (const [how, reply] of Object.entries({
    'did not arrive': 'cut',
    'arrived, but nobody said so': 'lost',
  }) as [string, Reply][])
    it(`stopped at any message that ${how}, it goes on and sends the same`, async () => {
      writeFileSync(join(directory, 'metrics.jsonl'), linesOf(0, 1500));
      finish();
      await track();
      const { registered: first, ...expected } = server.run();
      const numRequests = server.requests.length;
      for (let failing = 1; failing <= numRequests; failing++) {
        rmSync(join(directory, 'tracker.json'));
        server.runs.clear();
        server.requests.length = 0;
        server.intercept = () => (server.requests.length === failing ? reply : undefined);
        const error = await track().catch((reason: unknown) => reason);
        expect(error, `request ${failing}`).to.include({ code: 'ERR_WANDB_UNREACHABLE' });
        await track();
        const { registered, ...sent } = server.run();
        expect(sent, `request ${failing}`).to.deep.equal(expected);
        expect({ ...registered, name: first.name }).to.deep.equal(first);
      }
      expect(numRequests).to.equal(13);
    });

  it('keeps a run where its first message went', async () => {
    await track();
    for (const change of [{ project: 'q' }, { entity: 'team' }]) {
      const error = await track(change).catch((reason: unknown) => reason);
      expect(error).to.include({ name: 'ConfigError', code: 'ERR_WANDB_DESTINATION' });
    }
    rmSync(join(directory, 'tracker.json'));
    await track({ project: 'q' });
    expect(server.runs.size).to.equal(2);
  });

  it('may go elsewhere while nothing was sent', async () => {
    server.intercept = () => ({ status: 401 });
    await track().catch(() => undefined);
    expect(record()).to.include({ url: '', project: 'p', exit_code: null });
    const id = record().run_id;
    server.intercept = () => undefined;
    await track({ project: 'q' });
    expect(record()).to.include({ run_id: id, project: 'q', exit_code: 1 });
  });

  it('refuses a summary that cannot be read', async () => {
    writeFileSync(join(directory, 'summary.json'), '{"acc');
    const error = await track().catch((reason: unknown) => reason);
    expect(error).to.include({ name: 'DataError', code: 'ERR_SUMMARY_FILE' });
    expect(record()).to.include({ exit_code: null, history_rows: 25 });
  });

  it('reads a number that JSON has not as W&B writes it', async () => {
    appendFileSync(
      join(directory, 'metrics.jsonl'),
      lineOf({ type: 'step', step: 25 }).replace('25', '25,"loss":1e999'),
    );
    await track();
    expect(server.run().lines.at(-1)).to.equal('{"_step":25,"train/loss":"Infinity"}');
    expect(server.run().summary).to.include({ 'train/loss': 'Infinity' });
  });
});
