import { expect } from 'chai';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nameOf, readRecord, writeRecord } from '../../../../src/report/wandb/record.js';
import { makeRun, removeRuns } from '../../../support/wandb_run.js';

const destination = { base_url: 'http://there', project: 'p', entity: '' };

describe('tracker.json', () => {
  after(removeRuns);

  it('names a run after the date and time of its directory', () => {
    expect(nameOf('/a/outputs/2026-11-24/14-03-22')).to.equal('2026-11-24 14-03-22');
    expect(nameOf('outputs/2026-11-24/14-03-22_2/')).to.equal('2026-11-24 14-03-22_2');
    expect(nameOf('/a/best run')).to.equal('best run');
  });

  it('gives a run an id that nobody else has, of letters that W&B takes', async () => {
    for (const [directory, start] of [
      ['/outputs/2026-11-24/14-03-22', '2026-11-24_14-03-22_'],
      ['/outputs/best run: 50%/#3', '_3_'],
    ]) {
      const ids = await Promise.all(
        [1, 2].map(() => readRecord('/nowhere/tracker.json', directory, destination)),
      );
      expect(ids[0].run_id).to.match(new RegExp(`^${start}[0-9a-f]{8}$`));
      expect(ids[0].run_id).not.to.equal(ids[1].run_id);
    }
  });

  it('is read as it was written', async () => {
    const directory = makeRun(0);
    const path = join(directory, 'tracker.json');
    const record = {
      ...(await readRecord(path, directory, destination)),
      url: 'http://there/x',
      metrics_bytes: 12,
      history_rows: 3,
      last_step: 2,
      latest: { 'train/loss': 'NaN', _step: 2 },
      files: [{ name: 'a', remote_name: 'b', sha256: 'c', is_shown: true }],
      exit_code: 0,
    };
    await writeRecord(path, record);
    expect(await readRecord(path, 'elsewhere', { base_url: '', project: '', entity: '' })).to.deep.equal(
      record,
    );
  });

  it('is refused where it is damaged', async () => {
    const directory = makeRun(0);
    const path = join(directory, 'tracker.json');
    await writeRecord(path, await readRecord(path, directory, destination));
    const good = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const changes = [
      { run_id: 3 },
      { metrics_bytes: -1 },
      { history_rows: 1.5 },
      { last_step: null },
      { latest: null },
      { files: {} },
      { exit_code: 'x' },
    ];
    const texts = [
      '',
      '{',
      'null',
      '[]',
      '{}',
      ...changes.map((change) => JSON.stringify({ ...good, ...change })),
    ];
    for (const text of texts) {
      writeFileSync(path, text);
      const error = await readRecord(path, directory, destination).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error, text).to.include({ name: 'DataError', code: 'ERR_TRACKER_FILE' });
    }
  });
});
