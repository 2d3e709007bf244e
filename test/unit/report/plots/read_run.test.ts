import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '../../../../src/core/errors.js';
import { readRun } from '../../../../src/report/plots/read_run.js';
import { runFiles } from '../../../../src/report/run_directory.js';
import { madeRun, writeRun } from '../../../support/plots_run.js';

type Json = Record<string, unknown>;

describe('readRun', () => {
  const run = madeRun({ numClients: 2, numClasses: 3, numRounds: 2 });
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'bloom-split-plots-'));
    writeRun(directory, run);
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('reads back what a run left', async () => {
    const read = await readRun(directory, run.options, run.scheme);
    expect(read).to.deep.equal(run);
  });

  it('reads a long run line by line', async () => {
    const long = madeRun({ numClients: 4, numRounds: 5, stepsPerVisit: 5000 });
    writeRun(directory, long);
    const { losses, visits } = await readRun(directory, [], run.scheme);
    expect(losses).to.deep.equal(long.losses);
    expect(visits).to.have.length(20);
  });

  const files = runFiles('');
  for (const [what, damage, says] of [
    ['no summary', remove(files.summary), /Cannot read ".*summary\.json".*finished run/],
    ['no evaluation', remove(files.evaluation), /Cannot read ".*evaluation\.json".*finished run/],
    ['no metrics', remove(files.metrics), /Cannot read ".*metrics\.jsonl".*finished run/],
    ['a summary cut short', cut(files.summary, 100), /summary\.json" is damaged.*it is not JSON/],
    ['an empty evaluation', cut(files.evaluation, 0), /evaluation\.json" is damaged.*it is not JSON/],
    [
      'metrics cut short in a line',
      cut(files.metrics, 150),
      /metrics\.jsonl" is damaged.*line 2: it is not JSON/,
    ],
    ['empty metrics', cut(files.metrics, 0), /line 0: it ends before the summary/],
    ['metrics without their end', lines((all) => all.slice(0, -1)), /line 22: it ends before the summary/],
    ['a step too few', lines((all) => all.toSpliced(5, 1)), /line 6: step 6 where 5 was due/],
    ['steps of another run', lines((all) => all.toSpliced(0, 16)), /it has 0 steps, but 16 were trained/],
    [
      'no visits',
      lines((all) => all.filter((line) => !line.includes('visit'))),
      /its last visit does not end/,
    ],
    [
      'a step without a loss',
      lines((all) => all.with(2, '{"type":"step","step":2,"client":0}')),
      /line 3: "loss" is not a number/,
    ],
    ['a line of another kind', lines((all) => all.with(0, '[1]')), /line 1: it is not an object/],
    [
      'a summary without its costs',
      edit(files.summary, (content) => ({ ...content, traffic: undefined })),
      /summary\.json" is damaged.*"traffic" is not an object/,
    ],
    [
      'a summary with the costs of other clients',
      edit(files.summary, (content) => ({
        ...content,
        compute_seconds: { ...(content.compute_seconds as object), clients: [] },
      })),
      /summary\.json" is damaged.*"compute_seconds\.clients" is not of 2/,
    ],
    [
      'a summary of another version',
      edit(files.summary, (content) => ({ ...content, phase_seconds: undefined })),
      /summary\.json" is damaged, or of another version.*"phase_seconds" is not an object/,
    ],
    [
      'class names too few',
      edit(files.evaluation, (content) => ({ ...content, class_names: ['a'] })),
      /evaluation\.json" is damaged.*"confusion" is not 1 x 1/,
    ],
    [
      'an evaluation of other clients',
      edit(files.evaluation, (content) => ({ ...content, clients: [null] })),
      /"clients" is not 1 x 2/,
    ],
    [
      'class counts of one client',
      edit(files.evaluation, (content) => ({ ...content, class_counts: [[1, 2, 3]] })),
      /"class_counts" is not 2 x 3/,
    ],
    [
      'a forgetting matrix with a short line',
      edit(files.evaluation, (content) => {
        const forgetting = content.forgetting as { accuracy: number[][] };
        return { ...content, forgetting: { ...forgetting, accuracy: forgetting.accuracy.with(1, [0.5]) } };
      }),
      /"forgetting" is not 4 x 2/,
    ],
  ] as const) {
    it(`says what is wrong: ${what}`, async () => {
      damage(directory);
      const error = await readRun(directory, [], run.scheme).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(DataError);
      expect((error as DataError).message).to.match(says);
    });
  }
});

type Damage = (directory: string) => void;

function remove(file: string): Damage {
  return (directory) => {
    rmSync(join(directory, file));
  };
}

function cut(file: string, length: number): Damage {
  return (directory) => {
    truncateSync(join(directory, file), length);
  };
}

function lines(change: (all: readonly string[]) => readonly string[]): Damage {
  return (directory) => {
    const { metrics } = runFiles(directory);
    const all = readFileSync(metrics, 'utf8').trimEnd().split('\n');
    writeFileSync(
      metrics,
      change(all)
        .map((line) => `${line}\n`)
        .join(''),
    );
  };
}

function edit(file: string, change: (content: Json) => Json): Damage {
  return (directory) => {
    const path = join(directory, file);
    writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as Json)));
  };
}
