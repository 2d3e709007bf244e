import { expect } from 'chai';
import { bannerOf, closingOf } from '../../../src/report/banner.js';
import { runInfo, runSummary } from '../../support/link_reports.js';

describe('bannerOf', () => {
  it('says what will run, and what came from the environment', () => {
    expect(bannerOf(runInfo).split('\n')).to.deep.equal([
      'bloom-split: sequential split learning',
      '  data         mnist, 60 training and 10 test rows',
      '  from         /data (checksums verified)',
      '  model        lenet, cut after pool2',
      '  head         2572 parameters, sgd, lr 0.01',
      '  tail         59134 parameters, adam, lr 0.001',
      '  clients      2 with 30 rows each (iid), batches of 15',
      '  training     3 rounds, 12 batches, handoff weights, seed 17',
      '  engine       onnxruntime 1.2.3 (auto: no GPU)',
      '  server       cpu: tail',
      '  thread 0     cpu: head of client 0',
      '  thread 1     cpu: head of client 1',
      '  environment  n_workers = 2 (WORKERS)',
      '  outputs      /runs/2026-01-02/03-04-05',
      'note: batches are small',
      '',
    ]);
  });

  it('lists shards of different sizes, the first eight of many', () => {
    const line = (shardSizes: readonly number[]) =>
      bannerOf({ ...runInfo, shardSizes })
        .split('\n')
        .find((text) => text.startsWith('  clients'));
    expect(line([7, 8, 8])).to.equal('  clients      3 with 7, 8, 8 rows (iid), batches of 15');
    const many = [...Array<number>(10).fill(6), 7, 8];
    expect(line(many)).to.equal(
      '  clients      12 with 6, 6, 6, 6, 6, 6, 6, 6 and 4 more rows (iid), batches of 15',
    );
  });
});

describe('closingOf', () => {
  it('says what came out, where it is, and how to test it again', () => {
    expect(closingOf(runSummary).split('\n')).to.deep.equal([
      '',
      'test accuracy 0.9877, weighted F1 0.9812, loss 0.1235 (final head and tail)',
      'by client, after its last visit: 0: 0.9500, 1: not trained',
      'sent 13.5 kB up, 12.8 kB down, 20.1 kB between clients; computed 3.0 s on clients, 1.0 s on the server',
      '1234 samples/s in training, 5.7 s in all, peak memory 300 MB',
      `everything is in ${runInfo.runDirectory} (report.html, summary.json, model/, ...)`,
      `test it again: npx bloom-split evaluate ${runInfo.runDirectory}`,
    ]);
  });

  it('says how much was sent for batches that were trained again', () => {
    expect(closingOf({ ...runSummary, repeated_bytes: 2_500_000 })).to.include(
      'between clients and 2.5 MB for batches that were trained again; computed',
    );
  });
});
