import { expect } from 'chai';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DataError } from '../../../../src/core/errors.js';
import { meanForgetting } from '../../../../src/metrics/forgetting.js';
import { costsOf } from '../../../../src/report/comparison/costs.js';
import { readResults } from '../../../../src/report/comparison/results.js';
import { runFiles } from '../../../../src/report/run_directory.js';
import { foldersOf } from '../../../support/folders.js';
import { rejection } from '../../../support/link_errors.js';
import { madeRun, writeRun } from '../../../support/plots_run.js';

describe('readResults', () => {
  const newFolder = foldersOf();
  const made = () => {
    const [folder, run] = [newFolder(), madeRun({ isSkewed: true })];
    writeRun(folder, run);
    return { folder, run };
  };

  it('takes from a run its scores, time, forgetting and costs', async () => {
    const { folder, run } = made();
    const { accuracy, weighted_f1, macro_f1, loss, wall_seconds } = run.summary;
    expect(await readResults(folder, false)).to.deep.equal({
      accuracy,
      weighted_f1,
      macro_f1,
      loss,
      wall_seconds,
      bytes_up: run.summary.traffic.bytes_up,
      bytes_down: run.summary.traffic.bytes_down,
      client_seconds: 3,
      forgetting: meanForgetting(run.evaluations.forgetting!),
    });
  });

  it('has no time of a run that was resumed, and no forgetting of one that has no matrix', async () => {
    const { folder, run } = made();
    writeRun(folder, { ...run, evaluations: { ...run.evaluations, forgetting: null } });
    expect(await readResults(folder, true)).to.include({ wall_seconds: null, forgetting: null });
  });

  it('refuses a run that is damaged or not finished', async () => {
    const { folder } = made();
    const { summary, evaluation } = runFiles(folder);
    writeFileSync(summary, readFileSync(summary, 'utf8').replace('"accuracy"', '"accurracy"'));
    await rejection(readResults(folder, false), DataError, 'ERR_RUN_FILE');
    rmSync(evaluation);
    rmSync(summary);
    await rejection(readResults(folder, false), DataError, 'ERR_READ');
  });
});

describe('costsOf', () => {
  it('reads bytes and the computing time of clients', () => {
    const traffic = { bytes_up: 10, bytes_down: 20 };
    const told = costsOf({ traffic, compute_seconds: { client_compute: 1.5 } });
    expect(told).to.deep.equal({ bytes_up: 10, bytes_down: 20, client_seconds: 1.5 });
  });

  it('is null for what is not told', () => {
    const nothing = { bytes_up: null, bytes_down: null, client_seconds: null };
    expect(costsOf({})).to.deep.equal(nothing);
    expect(costsOf({ traffic: null })).to.deep.equal(nothing);
    expect(costsOf({ traffic: { bytes_up: 10 } })).to.deep.equal({ ...nothing, bytes_up: 10 });
  });
});
