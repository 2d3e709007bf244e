import { expect } from 'chai';
import fc from 'fast-check';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHistory, type HistoryRow } from '../../../../src/report/wandb/history.js';
import { lineOf, linesOf } from '../../../support/wandb_run.js';

const step = (number: number) => ({
  type: 'step',
  step: number,
  round: 0,
  client: 1,
  rows: 32,
  loss: 1.5,
  accuracy: 0.25,
});
const stepRow = (number: number) => ({
  _step: number,
  round: 0,
  client: 1,
  'train/loss': 1.5,
  'train/accuracy': 0.25,
});

describe('the history in metrics.jsonl', () => {
  let folder: string;
  let path: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bloom-split-history-'));
    path = join(folder, 'metrics.jsonl');
  });
  after(() => rmSync(folder, { recursive: true }));

  async function rowsOf(content: string | Buffer, { isComplete = true, bytes = 0, lastStep = 0 } = {}) {
    writeFileSync(path, content);
    const rows: HistoryRow[] = [];
    for await (const row of readHistory(path, { bytes, lastStep }, isComplete)) rows.push(row);
    return rows;
  }
  const valuesOf = async (events: readonly object[]) =>
    (await rowsOf(events.map(lineOf).join(''))).map(({ values }) => values);

  it('has a row for each batch, with what was measured after it', async () => {
    const place = { round: 0, client: 1, steps: 2 };
    const rows = await valuesOf([
      step(0),
      step(1),
      { type: 'visit', ...place, rows: 64, loss: 1.25, accuracy: 0.5 },
      { type: 'hand_over', round: 0, steps: 2, from: 1, to: 0, sha256: 'ab', bytes: 99 },
      { type: 'evaluation', ...place, rows: 10, loss: 2, accuracy: 0.75, weighted_f1: 0.7 },
      { type: 'forgetting', ...place, class_accuracy: [0.5, null, 1] },
      {
        type: 'round',
        round: 0,
        steps: 2,
        rows: 64,
        train: { loss: 1 },
        test: { loss: 2, weighted_f1: 0.7 },
      },
      step(2),
    ]);
    expect(rows).to.deep.equal([
      stepRow(0),
      {
        ...stepRow(1),
        'visit/loss': 1.25,
        'visit/accuracy': 0.5,
        'clients/1/visit/loss': 1.25,
        'clients/1/visit/accuracy': 0.5,
        'test/loss': 2,
        'test/accuracy': 0.75,
        'test/weighted_f1': 0.7,
        'clients/1/test/loss': 2,
        'clients/1/test/accuracy': 0.75,
        'clients/1/test/weighted_f1': 0.7,
        'forgetting/class_accuracy/0': 0.5,
        'forgetting/class_accuracy/2': 1,
        'round/train/loss': 1,
        'round/test/loss': 2,
        'round/test/weighted_f1': 0.7,
      },
      stepRow(2),
    ]);
  });

  it('keeps the last row back until it is whole', async () => {
    const lines = [step(0), step(1)].map(lineOf);
    const open = await rowsOf(lines.join(''), { isComplete: false });
    // The row of batch 1 begins where the line of batch 0 ends.
    expect(open.map(({ step: number, endBytes }) => [number, endBytes])).to.deep.equal([
      [0, lines[0].length],
    ]);
    const end = lineOf({ type: 'summary', steps: 2, loss: 0.5 });
    const closed = await rowsOf(lines.join('') + end, { isComplete: false });
    expect(closed.map(({ values }) => values)).to.deep.equal([stepRow(0), stepRow(1)]);
    expect(closed[1].endBytes).to.equal(lines.join('').length + end.length);
  });

  it('goes on where it was, also where no batch comes first', async () => {
    const [first, visit, second] = [step(41), { type: 'visit', loss: 3 }, step(42)].map(lineOf);
    const rows = await rowsOf(first + visit + second, { bytes: first.length, lastStep: 41 });
    expect(rows.map(({ values }) => values)).to.deep.equal([{ _step: 41, 'visit/loss': 3 }, stepRow(42)]);
  });

  it('read in pieces is what it is read at once, wherever it is cut', async () => {
    const whole = Buffer.from(linesOf(0, 40) + lineOf({ type: 'summary', note: '\u00e9\u4e16\u{1f600}' }));
    const expected = await rowsOf(whole);
    expect(expected).to.have.length(40);
    const cuts = fc
      .array(fc.nat(whole.length), { maxLength: 6 })
      .map((places) => places.sort((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const rows: HistoryRow[] = [];
        for (const end of [...places, whole.length]) {
          const last = rows.at(-1);
          const start = { bytes: last?.endBytes ?? 0, lastStep: last?.step ?? 0, isComplete: false };
          rows.push(...(await rowsOf(whole.subarray(0, end), start)));
        }
        expect(rows).to.deep.equal(expected);
      }),
    );
  });

  it('has text for numbers that JSON has not, and leaves out what is no number', async () => {
    const line = '{"type":"step","step":0,"loss":1e999,"low":-1e999,"accuracy":null,"who":"x","is":true}\n';
    const [{ values }] = await rowsOf(line);
    expect(values).to.deep.equal({ _step: 0, 'train/loss': 'Infinity', 'train/low': '-Infinity' });
  });

  it('is empty where there is no file yet, and where it became shorter', async () => {
    writeFileSync(path, linesOf(0, 3));
    truncateSync(path, 5);
    for (const file of [path, join(folder, 'none')]) {
      const rows = readHistory(file, { bytes: 50, lastStep: 0 }, true);
      expect((await rows.next()).done).to.equal(true);
    }
  });

  it('refuses a whole line that is no event', async () => {
    const good = lineOf(step(0));
    for (const bad of ['{"type":"st', '[]', 'null', '7', '{}', '{"type":3}', '\0']) {
      const error = await rowsOf(`${good}${bad}\n`).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error, bad).to.include({ name: 'DataError', code: 'ERR_METRICS_FILE' });
      expect((error as Error).message).to.include(`the line at byte ${good.length} is not an event`);
    }
  });
});
