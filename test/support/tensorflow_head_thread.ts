import { parentPort, workerData } from 'node:worker_threads';
import type { SegmentState } from '../../src/engine/engine.js';
import { loadTensorflowEngine } from '../../src/engine/tensorflow/engine.js';
import { openHead, trainHead } from './tensorflow_job.js';
import { spyOnAddon } from './tensorflow_addons.js';

export interface HeadJob {
  readonly device: string;
  readonly state: SegmentState | undefined;
  readonly firstStep: number;
  readonly numSteps: number;
  /** Where another head of the same thread trains, in turn with this one. */
  readonly neighbour?: string;
}

export interface HeadReport {
  readonly state: SegmentState;
  /** Devices of every tensor that was made: weights, optimiser state, activations, gradients. */
  readonly devices: readonly string[];
  readonly numTensors: number;
}

/** A worker thread that trains a head on one device, and says where its tensors were. */
const { device, state, firstStep, numSteps, neighbour } = workerData as HeadJob;
const spied = spyOnAddon();
const head = await openHead(loadTensorflowEngine(spied.addon), device, state);
const other = neighbour === undefined ? undefined : await openHead(loadTensorflowEngine(), neighbour);
for (let step = firstStep; step < firstStep + numSteps; step++) {
  await trainHead(head, step, 1);
  if (other) await trainHead(other, step, 1);
}
const report: HeadReport = {
  state: head.exportState(),
  devices: [...spied.devices],
  numTensors: spied.numSeen,
};
parentPort?.postMessage(report);
