import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { ForgettingEvent, TrainEvent } from '../../../../src/core/events.js';
import type { Sink } from '../../../../src/report/sink.js';
import { tensorboardSink } from '../../../../src/report/tensorboard/tensorboard_sink.js';
import { itWithPython } from '../../../support/python.js';
import {
  evaluationEvent,
  roundEvent,
  runInfo,
  runSummary,
  stepEvent,
  visitEvent,
} from '../../../support/link_reports.js';
import { curvesOf, onlyEventFile, readEvents } from '../../../support/tensorboard_reader.js';

/** Mean over the classes that the sample has: (1 + 0.5 + 0) / 3 */
const forgettingEvent: ForgettingEvent = {
  type: 'forgetting',
  round: 0,
  client: 1,
  steps: 4,
  class_accuracy: [1, null, 0.5, 0],
};
const handOverEvent: TrainEvent = {
  type: 'hand_over',
  round: 0,
  steps: 2,
  from: 0,
  to: 1,
  sha256: '00',
  bytes: 1,
};
const run: readonly TrainEvent[] = [
  stepEvent,
  { ...visitEvent, client: 0, steps: 1 },
  handOverEvent,
  { ...stepEvent, step: 1, client: 1, loss: 2.25, accuracy: 0.4 },
  visitEvent,
  forgettingEvent,
  evaluationEvent,
  roundEvent,
];

const { fround } = Math;
/** By hand from the events above; `steps` are batches so far, `step` is the number of a batch. */
const curves = {
  'train/loss': [
    [0, 2.5],
    [1, 2.25],
  ],
  'train/accuracy': [
    [0, fround(0.2)],
    [1, fround(0.4)],
  ],
  'client_0/loss': [[0, 2.5]],
  'client_1/loss': [[1, 2.25]],
  'forgetting/mean_class_accuracy': [[4, 0.5]],
  'test/loss': [[4, 0.75]],
  'test/accuracy': [[4, 0.625]],
  'test/weighted_f1': [[4, 0.5]],
  'summary/loss': [[12, fround(0.12345)]],
  'summary/accuracy': [[12, fround(0.98765)]],
  'summary/weighted_f1': [[12, fround(0.98123)]],
  'summary/macro_f1': [[12, fround(0.97)]],
  'summary/micro_average_precision': [[12, fround(0.99)]],
  // Client 1 was never visited.
  'summary/client_0/accuracy': [[12, fround(0.95)]],
  'summary/client_0/weighted_f1': [[12, fround(0.94)]],
  // Of 8 and 4 batches; a header of 64 bytes a message.
  'summary/bytes_up': [[12, 12 * (1060 + 64)]],
  'summary/bytes_down': [[12, 12 * (1000 + 64)]],
  'summary/bytes_between_clients': [[12, 2 * (10_000 + 64)]],
  'summary/messages': [[12, 26]],
  'summary/round_trips': [[12, 14]],
  'summary/repeated_bytes': [[12, 0]],
  'summary/client_compute': [[12, 3]],
  'summary/client_waiting': [[12, 2]],
  'summary/server_compute': [[12, 1]],
  'summary/server_waiting': [[12, 4]],
  'summary/bytes/activations_up': [[12, 12 * (1000 + 64)]],
  'summary/bytes/labels_up': [[12, 12 * 60]],
  'summary/bytes/activations_down': [[12, 0]],
  'summary/bytes/gradients_up': [[12, 0]],
  'summary/bytes/gradients_down': [[12, 12 * (1000 + 64)]],
  'summary/bytes/evaluation_up': [[12, 0]],
  'summary/bytes/evaluation_down': [[12, 0]],
  'summary/bytes/hand_overs': [[12, 2 * (10_000 + 64)]],
  'summary/client_0/bytes_up': [[12, 8 * (1060 + 64)]],
  'summary/client_0/bytes_down': [[12, 8 * (1000 + 64)]],
  'summary/client_0/bytes_between_clients': [[12, 10_064]],
  'summary/client_0/compute': [[12, 2]],
  'summary/client_0/waiting': [[12, 1.5]],
  'summary/client_1/bytes_up': [[12, 4 * (1060 + 64)]],
  'summary/client_1/bytes_down': [[12, 4 * (1000 + 64)]],
  'summary/client_1/bytes_between_clients': [[12, 10_064]],
  'summary/client_1/compute': [[12, 1]],
  'summary/client_1/waiting': [[12, 0.5]],
};

describe('tensorboardSink', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tensorboard-test-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** Half a second later each time that it is asked. */
  function ticking(): () => number {
    let now = 1_700_000_000_000;
    return () => (now += 500);
  }

  function writeRun(to: string): void {
    const sink = tensorboardSink(to, ticking());
    sink.start?.(runInfo);
    for (const event of run) sink.event?.(event);
    sink.end?.(runSummary);
    void sink.close?.();
  }

  it('writes every curve, each point with its batch', () => {
    writeRun(folder);
    const events = readEvents(onlyEventFile(folder));
    expect(curvesOf(events)).to.deep.equal(curves);
    const plugins = events.flatMap(({ values }) => values.filter(({ tag }) => tag !== 'config'));
    expect(new Set(plugins.map(({ plugin }) => plugin))).to.deep.equal(new Set(['scalars']));
  });

  it('begins with the version, and has times in seconds that never fall', () => {
    writeRun(folder);
    const events = readEvents(onlyEventFile(folder));
    expect(events[0]).to.deep.equal({
      wallTime: 1_700_000_001,
      step: 0,
      fileVersion: 'brain.Event:2',
      values: [],
    });
    const times = events.map(({ wallTime }) => wallTime);
    expect(times).to.deep.equal(events.map((_, index) => 1_700_000_001 + index / 2));
  });

  it('is named as TensorBoard looks for it, without the name of this machine', () => {
    writeRun(folder);
    expect(basename(onlyEventFile(folder))).to.equal(
      `events.out.tfevents.1700000000.bloom-split.${process.pid}.0`,
    );
  });

  it('tells what runs as a table, also where a fact has a bar in it', () => {
    const sink = tensorboardSink(folder, ticking());
    sink.start?.({ ...runInfo, dataOrigin: '/a|b\n(unverified)' });
    void sink.close?.();
    const [config] = readEvents(onlyEventFile(folder)).flatMap(({ values }) => values);
    expect(config).to.include({ tag: 'config', plugin: 'text' });
    const lines = config.text?.split('\n') ?? [];
    expect(lines.slice(0, 2)).to.deep.equal(['| fact | value |', '| --- | --- |']);
    expect(lines).to.include.members([
      '| dataOrigin | /a\\|b (unverified) |',
      '| model | lenet |',
      '| shardSizes | 30, 30 |',
      '| optimizers | {"head":"sgd, lr 0.01","tail":"adam, lr 0.001"} |',
    ]);
    expect(lines).to.have.length(2 + Object.keys(runInfo).length);
  });

  it('makes its folder, and a file of its own beside others of the same second', () => {
    const inner = join(folder, 'not', 'there', 'yet');
    const sinks = [0, 1].map(() => tensorboardSink(inner, () => 5_000));
    for (const sink of sinks) sink.start?.(runInfo);
    sinks[0].event?.(stepEvent);
    for (const sink of sinks) void sink.close?.();
    const path = (number: number) =>
      join(inner, `events.out.tfevents.5.bloom-split.${process.pid}.${number}`);
    expect(readEvents(path(0))).to.have.length(3);
    expect(readEvents(path(1))).to.have.length(2);
  });

  it('can be read after every visit and round, before the run ends', () => {
    const sink = tensorboardSink(folder);
    const numRead = () => readEvents(onlyEventFile(folder)).length;
    const seen: number[] = [];
    sink.start?.(runInfo);
    for (const event of run) {
      sink.event?.(event);
      seen.push(numRead());
    }
    void sink.close?.();
    // Version and configuration are there at once; steps, forgetting and evaluation wait for the visit's and round's end.
    expect(seen).to.deep.equal([2, 3, 3, 3, 4, 4, 4, 6]);
  });

  it('writes in between where a visit is long', () => {
    const sink = tensorboardSink(folder);
    sink.start?.(runInfo);
    for (let step = 0; step < 2_000; step++) sink.event?.({ ...stepEvent, step });
    expect(readEvents(onlyEventFile(folder)).length).to.be.greaterThan(1_000);
    void sink.close?.();
    const points = curvesOf(readEvents(onlyEventFile(folder)))['train/loss'];
    expect(points.map(([step]) => step)).to.deep.equal(Array.from({ length: 2_000 }, (_, step) => step));
  });

  it('is not essential, and fails when told, not when made', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const sink: Sink = tensorboardSink(join(file, 'tensorboard'));
    expect(sink.isEssential).to.equal(false);
    expect(() => sink.start?.(runInfo)).to.throw(/ENOTDIR/);
    void sink.close?.();
  });

  itWithPython(
    ['tensorboard'],
    'is read by TensorBoard itself: the same curves, times and text',
    async (script) => {
      writeRun(folder);
      const read = (await script('read_tensorboard.py', folder)) as {
        readonly file_version: number;
        readonly scalars: Readonly<Record<string, [number, number, number][]>>;
        readonly texts: Readonly<Record<string, string>>;
      };
      expect(read.file_version).to.equal(2);
      const points = Object.entries(read.scalars).map(
        ([tag, values]) => [tag, values.map(([step, value]) => [step, value])] as const,
      );
      expect(Object.fromEntries(points)).to.deep.equal(curves);
      // The version, the configuration, then the first batch: half a second each, after the name's.
      expect(read.scalars['train/loss'][0][2]).to.equal(1_700_000_002);
      expect(Object.keys(read.texts)).to.deep.equal(['config']);
      expect(read.texts.config).to.include('| model | lenet |');
    },
  );
});
