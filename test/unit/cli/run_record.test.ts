import { expect } from 'chai';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRecord, type RunRecord } from '../../../src/cli/run_record.js';
import { configFrom } from '../../../src/config/load.js';
import { StorageError } from '../../../src/core/errors.js';
import type { FileLengths, Sink } from '../../../src/report/sink.js';
import { readJsonLines } from '../../support/e2e_command.js';
import { foldersOf } from '../../support/folders.js';
import { thrown } from '../../support/link_errors.js';
import { roundEvent, runInfo, stepEvent } from '../../support/link_reports.js';

describe('the record of a run', () => {
  const newFolder = foldersOf();
  const { config } = configFrom({});
  let record: RunRecord | undefined;
  let warnings: string[];
  beforeEach(() => (warnings = []));
  afterEach(async () => {
    await record?.close();
    record = undefined;
  });

  const open = (folder: string, before: FileLengths = {}, others: readonly Sink[] = []) => {
    record = openRecord(folder, { config, before, others, warn: (message) => warnings.push(message) });
    record.sinks.tell((sink) => sink.start?.(runInfo));
    return record;
  };
  const tell = ({ sinks }: RunRecord) => {
    sinks.tell((sink) => sink.event?.(stepEvent));
  };
  const close = async (opened: RunRecord) => {
    record = undefined;
    await opened.close();
  };
  const tensorboardOf = (folder: string) =>
    readdirSync(join(folder, 'tensorboard')).map((name) => `tensorboard/${name}`);

  it('tells the length of every append-only file when all that was told is in it', async () => {
    const folder = newFolder();
    const opened = open(folder);
    const [events] = tensorboardOf(folder);
    tell(opened);
    const lengths = opened.lengths();
    expect(Object.keys(lengths).sort()).to.deep.equal(['metrics.jsonl', events].sort());
    for (const [name, length] of Object.entries(lengths))
      expect(readFileSync(join(folder, name))).to.have.length(length);
    await close(opened);
    expect(readFileSync(join(folder, events))).to.have.length(lengths[events]);
  });

  it('goes back to such lengths, and forgets nothing in run.log', async () => {
    const folder = newFolder();
    const opened = open(folder);
    tell(opened);
    const lengths = opened.lengths();
    tell(opened);
    opened.sinks.tell((sink) => sink.event?.(roundEvent));
    await opened.rewind({ lengths, steps: 1, rows: 15 });
    expect(opened.lengths()).to.deep.equal(lengths);
    tell(opened);
    expect(opened.lengths()['metrics.jsonl']).to.equal(2 * lengths['metrics.jsonl']);
    await close(opened);
    const messages = readJsonLines(join(folder, 'run.log')).map(({ message }) => message);
    expect(messages).to.deep.equal(['run starts', 'batches are small', 'round', 'rewind']);
  });

  it("keeps an earlier process's files in its lengths, and cuts them too when it goes back that far", async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'tensorboard'));
    writeFileSync(join(folder, 'tensorboard', 'first'), '0123456789');
    writeFileSync(join(folder, 'tensorboard', 'second'), '01234');
    writeFileSync(join(folder, 'metrics.jsonl'), '0123456789');
    const before = { 'metrics.jsonl': 10, 'tensorboard/first': 10, 'tensorboard/second': 5 };
    const opened = open(folder, before);
    expect(opened.lengths()).to.include({ 'tensorboard/first': 10, 'tensorboard/second': 5 });
    tell(opened);
    // To a checkpoint of the first process, when the second had not begun.
    await opened.rewind({ lengths: { 'metrics.jsonl': 4, 'tensorboard/first': 6 }, steps: 1, rows: 15 });
    expect(readFileSync(join(folder, 'tensorboard', 'first'), 'utf8')).to.equal('012345');
    expect(existsSync(join(folder, 'tensorboard', 'second'))).to.equal(false);
    expect(readFileSync(join(folder, 'metrics.jsonl'), 'utf8')).to.equal('0123');
    const own = tensorboardOf(folder).find((name) => !name.endsWith('first'))!;
    expect(Object.keys(opened.lengths()).sort()).to.deep.equal(
      ['metrics.jsonl', 'tensorboard/first', own].sort(),
    );
  });

  it('a sink that is not needed fails alone, is reported once, and what it wrote stays known', () => {
    const folder = newFolder();
    let isFull = false;
    const fragile: Sink = {
      name: 'the tracker',
      isEssential: false,
      event: () => {
        if (isFull) throw new Error('disk full');
      },
      lengths: () => ({ 'tracker.log': 7 }),
    };
    const opened = open(folder, {}, [fragile]);
    tell(opened);
    expect(opened.lengths()).to.include({ 'tracker.log': 7 });
    isFull = true;
    tell(opened);
    tell(opened);
    expect(warnings).to.deep.equal(['the tracker failed and is left out from here on: disk full']);
    expect(opened.lengths()).to.include({ 'tracker.log': 7 });
  });

  it('that cannot be opened is one clear error', () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'metrics.jsonl'));
    const error = thrown(() => open(folder), StorageError, 'ERR_RUN_DIRECTORY');
    expect(error.message).to.match(/^Cannot write in the run directory ".*": EISDIR/);
  });
});
