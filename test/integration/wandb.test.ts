import { expect } from 'chai';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environmentWithoutOptions } from '../../src/config/tracking.js';
import { GOOD_KEY, startWandbServer, type WandbServer } from '../support/wandb_server.js';
import { addPlots, endRun, expectNowhereIn, linesOf, makeRun, removeRuns } from '../support/wandb_run.js';

const mainFile = fileURLToPath(new URL('../../src/main.js', import.meta.url));

/** The process itself: what it does when it is killed, interrupted, or left alone. */
describe('the process that tracks a run', () => {
  let server: WandbServer;
  const running = new Set<ChildProcessWithoutNullStreams>();
  beforeEach(async () => {
    server = await startWandbServer();
  });
  afterEach(async () => {
    for (const child of running) child.kill('SIGKILL');
    await server.close();
  });
  after(removeRuns);

  function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [mainFile, 'track', ...args], {
      env: { ...environmentWithoutOptions(), ...env },
    });
    running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += String(text)));
    const ended = once(child, 'close').then(([code, signal]: unknown[]) => {
      running.delete(child);
      return { code, signal, output };
    });
    return { child, ended };
  }
  const withKey = { WANDB_API_KEY: GOOD_KEY };
  const numLines = () => [...server.runs.values()].reduce((sum, { lines }) => sum + lines.length, 0);

  it('killed in the middle of a long run, goes on where it was and sends no line that is another', async () => {
    const directory = makeRun(100_000, { base_url: server.url });
    endRun(directory);
    addPlots(directory, ['loss.png']);
    const killed = [1, 30_000, 70_000].map((atLine) => async () => {
      const { child, ended } = start([directory], withKey);
      await server.until(() => numLines() >= atLine);
      child.kill('SIGKILL');
      expect((await ended).signal).to.equal('SIGKILL');
    });
    for (const kill of killed) await kill();
    expect(numLines()).to.be.within(70_000, 100_000);
    const { code, output } = await start([directory], withKey).ended;
    expect(code, output).to.equal(0);
    const { lines, exitCode, summary } = server.run();
    // One row a batch, and one with the pictures.
    expect(lines).to.have.length(100_001);
    expect(lines.map((line) => (JSON.parse(line) as { _step: number })._step)).to.deep.equal(
      Array.from({ length: 100_001 }, (_, step) => step),
    );
    expect(exitCode).to.equal(0);
    expect(summary).to.include({ accuracy: 0.875 });
    // The server refuses a line that differs from one with the same number, so that was all; how often one came again:
    const numSent = server.requests.reduce((sum, { json }) => {
      const files = json.files as Record<string, { content: string[] } | undefined> | undefined;
      return sum + (files?.['wandb-history.jsonl']?.content.length ?? 0);
    }, 0);
    // Each kill may fall between a message and its record.
    expect(numSent - 100_001).to.be.at.most(3 * 1000);
  });

  it('keeps its memory, whatever the length of the run', async () => {
    const directory = makeRun(100_000, { base_url: server.url });
    const peak = `process.on('exit', () => console.log('peak', process.resourceUsage().maxRSS / 1024))`;
    const small = makeRun(10, { base_url: server.url });
    const peaks = [];
    for (const run of [small, directory]) {
      const { ended } = start([run], {
        ...withKey,
        NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(peak)}`,
      });
      peaks.push(Number(/peak (\d+)/.exec((await ended).output)?.[1]));
    }
    expect(peaks[0]).to.be.greaterThan(20);
    expect(peaks[1] - peaks[0]).to.be.lessThan(120);
  });

  it('shows the key nowhere: not in its arguments, its title, its output, or the run directory', async function () {
    if (process.platform !== 'linux') return void this.skip(); // reads /proc
    const directory = makeRun(10, { base_url: server.url });
    const { child, ended } = start(['--follow', '--wandb-key-stdin', directory]);
    child.stdin.write(`${GOOD_KEY}\n`);
    await server.until(() => numLines() > 0);
    const pid = String(child.pid);
    for (const file of ['cmdline', 'environ', 'comm']) {
      const text = readFileSync(`/proc/${pid}/${file}`, 'utf8');
      expect(text, file).not.to.include(GOOD_KEY);
      if (file === 'cmdline') expect(text.replace(/\0+$/, '')).to.equal('bloom-split track');
    }
    child.stdin.end();
    const { output } = await ended;
    expect(output).to.include(server.url).and.not.include(GOOD_KEY);
    expectNowhereIn(directory, GOOD_KEY);
  });

  it('behind a run survives Ctrl-C, and sends the rest when the run has ended', async () => {
    const directory = makeRun(10, { base_url: server.url });
    const { child, ended } = start(['--follow', '--wandb-key-stdin', directory]);
    child.stdin.write(`${GOOD_KEY}\n`);
    await server.until(() => numLines() === 9);
    child.kill('SIGINT');
    appendFileSync(join(directory, 'metrics.jsonl'), linesOf(10, 5));
    await server.until(() => numLines() === 14);
    endRun(directory);
    child.stdin.end();
    expect(await ended).to.include({ code: 0 });
    expect(server.run()).to.include({ exitCode: 0 });
    expect(server.run().lines).to.have.length(15);
  });

  it('whose run dies says that it failed', async () => {
    const directory = makeRun(10, { base_url: server.url });
    const { child, ended } = start(['--follow', '--wandb-key-stdin', directory]);
    child.stdin.end(GOOD_KEY);
    expect(await ended).to.include({ code: 0 });
    expect(server.run()).to.include({ exitCode: 1 });
  });

  it('follows a run by itself until summary and report are there', async () => {
    const directory = makeRun(10, { base_url: server.url });
    const { ended } = start(['--follow', directory], withKey);
    await server.until(() => numLines() === 9);
    endRun(directory);
    addPlots(directory, ['loss.png']);
    writeFileSync(join(directory, 'report.html'), '<html></html>');
    expect(await ended).to.include({ code: 0 });
    expect(server.run().lines).to.have.length(11);
  });

  it('goes on when the server is well again, and tells of the outage once', async () => {
    const directory = makeRun(10, { base_url: server.url });
    let failures = 0;
    server.intercept = ({ operation }) =>
      operation === 'file_stream' && failures++ < 2 ? { status: 500 } : undefined;
    endRun(directory);
    const { code, output } = await start([directory], withKey).ended;
    expect(code, output).to.equal(0);
    expect(output.match(/^warning: /gm)).to.have.length(1);
    expect(output).to.include(
      `warning: Weights & Biases at ${server.url} answered 500 to a part of the history.`,
    );
    expect(server.run()).to.include({ exitCode: 0 });
  });
});
