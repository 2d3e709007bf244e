import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { expose, transfer } from 'comlink';
import type { Tensor } from '../../../core/shapes.js';
import type { SegmentSpec } from '../../engine.js';
import { LocalLane, type PartGradient, type PartOutput } from './lane.js';
import type { RemoteLane } from './thread_lane.js';

/** A thread that computes parts of batches for another one, until it is ended from there. */
const { spec, port } = workerData as { readonly spec: SegmentSpec; readonly port: MessagePort };
const lane = await LocalLane.open(spec);
const remote: RemoteLane = {
  infer: async (weights_P, parts) => moved(await lane.infer(weights_P, parts), bufferOf),
  forward: async (weights_P, parts) => moved(await lane.forward(weights_P, parts), buffersOfOutput),
  backward: async (parts) => moved(await lane.backward(parts), buffersOfGradient),
  drop: (keys) => lane.drop(keys),
};
expose(remote, port);
parentPort?.postMessage('ready');

function moved<T>(results: readonly T[], buffersOf: (result: T) => readonly ArrayBuffer[]): readonly T[] {
  return transfer(results, results.flatMap(buffersOf));
}

function buffersOfOutput({ y_bF, dx }: PartOutput): readonly ArrayBuffer[] {
  return [y_bF.data.buffer, ...bufferOf(dx?.dx_bI)];
}

function buffersOfGradient({ gradient_P, dx_bI }: PartGradient): readonly ArrayBuffer[] {
  return [gradient_P.buffer, ...bufferOf(dx_bI)];
}

function bufferOf(tensor?: Tensor): readonly ArrayBuffer[] {
  return tensor ? [tensor.data.buffer] : [];
}
