import { expect } from 'chai';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metricsFile } from '../../../src/report/metrics_file.js';
import { Sinks } from '../../../src/report/sinks.js';
import { StorageError } from '../../../src/core/errors.js';
import { thrown } from '../../support/link_errors.js';
import { roundEvent, runSummary, stepEvent } from '../../support/link_reports.js';

describe('metricsFile', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'metrics-test-'));
    path = join(folder, 'metrics.jsonl');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is essential, and has a line an event as soon as it is told, and the summary without clocks', async () => {
    const sink = metricsFile(path);
    expect(sink.isEssential).to.equal(true);
    sink.event?.(stepEvent);
    expect(await readFile(path, 'utf8')).to.equal(`${JSON.stringify(stepEvent)}\n`);
    sink.event?.(roundEvent);
    sink.end?.(runSummary);
    await sink.close?.();
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    const { steps, rows, loss, accuracy, weighted_f1, clients } = runSummary;
    expect(lines.map((line): unknown => JSON.parse(line))).to.deep.equal([
      stepEvent,
      roundEvent,
      { type: 'summary', steps, rows, loss, accuracy, weighted_f1, clients },
    ]);
  });

  it('goes on after what is there, tells its length, and goes back', async () => {
    await writeFile(path, 'kept\n');
    const sink = metricsFile(path);
    sink.event?.(stepEvent);
    const line = `${JSON.stringify(stepEvent)}\n`;
    const lengths = sink.lengths!();
    expect(lengths).to.deep.equal({ 'metrics.jsonl': 5 + line.length });
    sink.event?.(roundEvent);
    sink.rewind?.({ lengths, steps: 1, rows: 15 });
    sink.event?.(stepEvent);
    await sink.close?.();
    expect(await readFile(path, 'utf8')).to.equal(`kept\n${line}${line}`);
  });

  it('that cannot be written any more stops the run', () => {
    const sink = metricsFile(path);
    void sink.close?.();
    const sinks = new Sinks([sink], () => undefined);
    const error = thrown(
      () => {
        sinks.tell((each) => each.event?.(stepEvent));
      },
      StorageError,
      'ERR_ESSENTIAL_SINK',
    );
    expect(error.message).to.match(/^Cannot write metrics\.jsonl: EBADF/);
  });
});
