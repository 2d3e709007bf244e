import { headSpec, tailSpec } from '../src/cli/segment_specs.js';
import type { Tensor } from '../src/core/shapes.js';
import { numElements } from '../src/core/shapes.js';
import {
  freshState,
  type Engine,
  type Segment,
  type SegmentSpec,
  plainCompute,
} from '../src/engine/engine.js';
import type { OptimizerOptions } from '../src/engine/optimizer.js';
import { initialWeights } from '../src/models/init.js';
import { splitNetwork, type Network } from '../src/models/network.js';

export const sgd: OptimizerOptions = { name: 'sgd', lr: 0.01, momentum: 0.9, weightDecay: 5e-4 };

/** Both halves of a network in this thread. */
export interface Halves {
  readonly head: Segment;
  readonly tail: Segment;
}

export async function compileHalves(
  network: Network,
  engine: Engine,
  compute = plainCompute,
): Promise<Halves> {
  const place = { device: 'cpu', ...compute };
  const split = splitNetwork(network, 'default');
  const create = async (spec: SegmentSpec) => {
    const program = await engine.compile(spec);
    return program.createSegment(freshState(spec, initialWeights(spec.part.layers, 0)));
  };
  return {
    head: await create(headSpec(split.head, sgd, place)),
    tail: await create(tailSpec(split.tail, sgd, place)),
  };
}

/** One split step without any link; gives the milliseconds that each half took. */
export async function directStep(
  { head, tail }: Halves,
  x: Tensor,
  labels: Int32Array<ArrayBuffer>,
): Promise<{ headMs: number; tailMs: number }> {
  const start = performance.now();
  const z = await head.forward(x);
  const hasActivations = performance.now();
  const { dx_BI: dz } = await tail.lossGradient(z, labels);
  if (!dz) throw new Error('The tail gave no cut gradients.');
  await tail.update();
  const hasGradients = performance.now();
  await head.backward(dz);
  const end = performance.now();
  return { headMs: hasActivations - start + (end - hasGradients), tailMs: hasGradients - hasActivations };
}

/** A batch of a network's input: a fixed pattern, spread over -1 to 1. */
export function patternBatch({ inputShape }: Network, batchSize: number, numClasses: number) {
  const shape = [batchSize, ...inputShape];
  const data = Float32Array.from({ length: numElements(shape) }, (_, index) => Math.sin(index * 12.9898));
  const labels = Int32Array.from({ length: batchSize }, (_, row) => (row * 7) % numClasses);
  return { x: { shape, data }, labels };
}
