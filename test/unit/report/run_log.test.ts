import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRunLog, runLogSink } from '../../../src/report/run_log.js';
import { roundEvent, runInfo, runSummary, stepEvent } from '../../support/link_reports.js';

describe('run.log', () => {
  let folder: string;
  let path: string;
  let failures: string[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'run-log-test-'));
    path = join(folder, 'run.log');
    failures = [];
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** A whole run, told to a log. */
  const tell = async (level: string) => {
    const log = openRunLog(path, level, (message) => failures.push(message));
    const sink = runLogSink(log);
    sink.start?.(runInfo);
    sink.event?.(stepEvent);
    sink.event?.(roundEvent);
    log.error('something broke');
    sink.end?.(runSummary);
    await sink.close?.();
  };
  const lines = async () =>
    (await readFile(path, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const outline = async () =>
    (await lines()).map(({ level, message }) => `${String(level)} ${String(message)}`);

  it('has JSON lines with time and level, all of them when it is closed', async () => {
    await tell('info');
    expect(await outline()).to.deep.equal([
      'info run starts',
      'warn batches are small',
      'info round',
      'error something broke',
      'info run ends',
    ]);
    const [start, , round, , end] = await lines();
    for (const { timestamp } of await lines())
      expect(timestamp).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(start).to.deep.include({ dataset: 'mnist', shardSizes: [30, 30] });
    expect(round).to.deep.include({ round: 0, steps: 4, test: roundEvent.test });
    expect(end).to.deep.include({ accuracy: runSummary.accuracy, run_directory: runInfo.runDirectory });
    expect(failures).to.deep.equal([]);
  });

  it('has single batches only at level debug', async () => {
    await tell('debug');
    expect(await outline()).to.include('debug step');
    expect((await lines()).find(({ message }) => message === 'step')).to.deep.include({ step: 0, loss: 2.5 });
  });

  it('has warnings and errors alone at level warn', async () => {
    await tell('warn');
    expect(await outline()).to.deep.equal(['warn batches are small', 'error something broke']);
  });

  it('that cannot be opened is told once, and can be written to and closed all the same', async () => {
    await mkdir(path);
    await tell('debug');
    expect(failures).to.have.length(1);
    expect(failures[0]).to.match(/^run\.log cannot be written and is left out from here on: .*EISDIR/);
  });

  it('on a full disk is told once, and can be closed all the same', async function () {
    path = '/dev/full';
    if (!existsSync(path)) this.skip();
    await tell('debug');
    expect(failures).to.have.length(1);
    expect(failures[0]).to.match(/ENOSPC/);
  });
});
