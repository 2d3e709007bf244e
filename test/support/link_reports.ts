import { Writable } from 'node:stream';
import { totalTraffic, type ClientTraffic } from '../../src/core/costs.js';
import type { EvaluationEvent, RoundEvent, StepEvent, VisitEvent } from '../../src/core/events.js';
import type { RunInfo, RunSummary } from '../../src/report/sink.js';

export const runInfo: RunInfo = {
  runDirectory: '/runs/2026-01-02/03-04-05',
  dataset: 'mnist',
  numTrainRows: 60,
  numTestRows: 10,
  dataSplit: 'iid',
  dataOrigin: '/data (checksums verified)',
  model: 'lenet',
  cut: 'pool2',
  numHeadParameters: 2572,
  numTailParameters: 59134,
  numBackParameters: null,
  shardSizes: [30, 30],
  batchSize: 15,
  scheme: 'sequential split learning',
  schemeOptions: ['handoff weights'],
  numRounds: 3,
  numSteps: 12,
  numRowsToTrain: 180,
  numRowsDone: 0,
  optimizers: { head: 'sgd, lr 0.01', tail: 'adam, lr 0.001' },
  engine: 'onnxruntime',
  engineVersion: '1.2.3',
  whyEngine: 'auto: no GPU',
  threadDevices: ['cpu', 'cpu'],
  tailDevice: 'cpu',
  seed: 17,
  fromEnvironment: [{ key: 'n_workers', variable: 'WORKERS', value: '2' }],
  notices: ['batches are small'],
};

/** Of a client with so many batches: 1,000 bytes of activations a batch and 60 of labels, and a head at the end. */
export function clientTraffic(numBatches: number): ClientTraffic {
  const none = { frames: 0, bytes: 0 };
  const ofBatches = (bytes: number) => ({ frames: numBatches, bytes: numBatches * bytes });
  return {
    flows: {
      activations_up: ofBatches(1000),
      labels_up: { frames: 0, bytes: numBatches * 60 },
      activations_down: none,
      gradients_up: none,
      gradients_down: ofBatches(1000),
      evaluation_up: none,
      evaluation_down: none,
      hand_overs: { frames: 1, bytes: 10_000 },
    },
    round_trips: numBatches + 1,
  };
}

export const runSummary: RunSummary = {
  steps: 12,
  rows: 180,
  loss: 0.12345,
  accuracy: 0.98765,
  weighted_f1: 0.98123,
  clients: [
    { client: 0, rows: 30, loss: 0.2, accuracy: 0.95, weighted_f1: 0.94 },
    { client: 1, rows: 30, loss: null, accuracy: null, weighted_f1: null },
  ],
  run_directory: runInfo.runDirectory,
  dataset: 'mnist',
  mode: 'sequential',
  input: { picture: [1, 28, 28], background: 0, class_names: ['0', '1'] },
  u_shaped: false,
  model: 'lenet',
  cut: 'pool2',
  seed: 17,
  data_split: 'iid',
  rows_left_out: 0,
  why_left_out: '',
  skipped_visits: [],
  macro_f1: 0.97,
  micro_average_precision: 0.99,
  engine: 'onnxruntime',
  devices: { tail: 'cpu', threads: ['cpu', 'cpu'] },
  versions: { node: '20' },
  samples_per_second: 1234.4,
  wall_seconds: 5.67,
  phase_seconds: { setup: 0.5, training: 4, hand_over: 0.1, test: 0.9, forgetting: 0.1, saving: 0.07 },
  traffic: totalTraffic([clientTraffic(8), clientTraffic(4)]),
  client_files: [{ client: 1, file: 'model/head.safetensors', sha256: 'ab12' }],
  repeated_bytes: 0,
  compute_seconds: {
    client_compute: 3,
    client_waiting: 2,
    server_compute: 1,
    server_waiting: 4,
    clients: [
      { compute: 2, waiting: 1.5 },
      { compute: 1, waiting: 0.5 },
    ],
  },
  peak_memory_mb: 300.2,
};

export const stepEvent: StepEvent = {
  type: 'step',
  step: 0,
  round: 0,
  client: 0,
  rows: 15,
  loss: 2.5,
  accuracy: 0.2,
};
export const visitEvent: VisitEvent = {
  type: 'visit',
  round: 0,
  client: 1,
  steps: 2,
  rows: 30,
  loss: 1.25,
  accuracy: 0.5,
};
export const evaluationEvent: EvaluationEvent = {
  type: 'evaluation',
  round: 0,
  client: 1,
  steps: 4,
  rows: 10,
  loss: 0.75,
  accuracy: 0.625,
  weighted_f1: 0.5,
};
export const roundEvent: RoundEvent = {
  type: 'round',
  round: 0,
  steps: 4,
  rows: 60,
  train: { loss: 1.5, accuracy: 0.4 },
  test: { loss: 0.75, accuracy: 0.625, weighted_f1: 0.5 },
};

/** A stream that keeps what is written to it. */
export class FakeTerminal extends Writable {
  readonly isTTY: boolean;
  readonly columns = 120;
  text = '';

  constructor(isTTY: boolean) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk;
    done();
  }

  /** What a cursor is moved with, on a real terminal. */
  cursorTo(): boolean {
    return true;
  }
  moveCursor(): boolean {
    return true;
  }
  clearLine(): boolean {
    return true;
  }
  clearScreenDown(): boolean {
    return true;
  }
}
