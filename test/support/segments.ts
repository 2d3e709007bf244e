import { expect } from 'chai';
import type { Shape, Tensor } from '../../src/core/shapes.js';
import {
  freshState,
  type Engine,
  type LayerGroup,
  type LossGradient,
  type Program,
  type Segment,
  type SegmentState,
  type ComputeOptions,
  plainCompute,
} from '../../src/engine/engine.js';
import type { AdamOptions, OptimizerOptions, SgdOptions } from '../../src/engine/optimizer.js';
import { initialWeights } from '../../src/models/init.js';
import { outputShape, type Layer } from '../../src/models/layers.js';
import type { NetworkPart } from '../../src/models/network.js';
import { expectSameBits } from './tensors.js';

/** w' = w - gradient: one step shows the gradient. */
export const plainSgd: SgdOptions = { name: 'sgd', lr: 1, momentum: 0, weightDecay: 0 };
export const sgd: SgdOptions = { name: 'sgd', lr: 0.1, momentum: 0.9, weightDecay: 0.05 };
export const adam: AdamOptions = {
  name: 'adam',
  lr: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.05,
};

export interface CompileOptions {
  readonly hasLoss?: boolean;
  readonly needsInputGradient?: boolean;
  readonly compute?: ComputeOptions;
  /** One optimiser for all layers, ... */
  readonly optimizer?: OptimizerOptions;
  /** ... or several. */
  readonly groups?: readonly LayerGroup[];
}

export function partOf(layers: readonly Layer[], inputShape: Shape): NetworkPart {
  return { layers, inputShape, outputShape: outputShape(layers, inputShape) };
}

/** Compiles on the engine's first device; the programs are disposed of after the test. */
export type Compile = (part: NetworkPart, options?: CompileOptions) => Promise<Program>;

/** Called inside `describe`: loads the engine before its tests. */
export function compilerOf(load: () => Promise<Engine>): Compile {
  const programs: Program[] = [];
  afterEach(async () => {
    await Promise.all(programs.splice(0).map((program) => program.dispose()));
  });
  return async (
    part,
    { hasLoss = false, needsInputGradient = true, compute = plainCompute, optimizer = sgd, groups } = {},
  ) => {
    const engine = await load();
    const [device] = await engine.listDevices();
    const program = await engine.compile({
      part,
      hasLoss,
      needsInputGradient,
      groups: groups ?? [{ numLayers: part.layers.length, optimizer }],
      device: device.name,
      ...compute,
    });
    programs.push(program);
    return program;
  };
}

/** A segment at the start of training, with random weights where none are given. */
export function startState({ spec }: Program, weights = initialWeights(spec.part.layers, 0)): SegmentState {
  return freshState(spec, weights.slice());
}

export function startSegment(
  program: Program,
  weights = initialWeights(program.spec.part.layers, 0),
): Segment {
  return program.createSegment(startState(program, weights));
}

/** One training step of a segment without a loss; gives its output and its input's gradient. */
export async function trainWith(
  segment: Segment,
  x: Tensor,
  dz: Tensor,
): Promise<{ y: Tensor; dx: Tensor | undefined }> {
  const y = await segment.forward(x);
  return { y, dx: await segment.backward(dz) };
}

/** One training step of a segment with a loss. */
export async function trainOn(
  segment: Segment,
  x: Tensor,
  labels_B: Int32Array<ArrayBuffer>,
): Promise<LossGradient> {
  const gradient = await segment.lossGradient(x, labels_B);
  await segment.update();
  return gradient;
}

export function expectSameState(got: SegmentState, want: SegmentState): void {
  expectSameBits(got.weights, want.weights, 'the weights');
  expect(got.optimizers.map(({ step }) => step)).to.deep.equal(want.optimizers.map(({ step }) => step));
  want.optimizers.forEach(({ slots }, group) => {
    expect(got.optimizers[group].slots.length).to.equal(slots.length);
    slots.forEach((slot, index) => {
      expectSameBits(got.optimizers[group].slots[index], slot, `slot ${index} of group ${group}`);
    });
  });
}
