// Shape legend: B batch, I one row's input, F one row's output (at a cut: the cut's features), K classes
import type { Tensor } from '../core/shapes.js';
import { numParameters } from '../models/layers.js';
import type { NetworkPart } from '../models/network.js';
import type { OptimizerOptions, OptimizerState } from './optimizer.js';
import { freshOptimizerState } from './optimizer.js';

/** A place where segments run. */
export interface Device {
  /** `cpu`, `gpu:0`, ... */
  readonly name: string;
  readonly description: string;
  /** What a program may use of it, where that is known. */
  readonly memoryBytes?: number;
}

/** Consecutive layers whose parameters share an optimiser: PyTorch's parameter group. */
export interface LayerGroup {
  readonly numLayers: number;
  readonly optimizer: OptimizerOptions;
}

/** How a program computes. Each of these cuts long sums elsewhere: last bits differ. */
export interface ComputeOptions {
  /** Threads that compute an operator together. */
  readonly intraOpThreads: number;
  /** Parts of a batch that are computed side by side, their gradients added. */
  readonly microBatches: number;
}

/** On one thread, all rows at once. */
export const plainCompute: ComputeOptions = { intraOpThreads: 1, microBatches: 1 };

/** Where and how a program runs. */
export interface Place extends ComputeOptions {
  /** Name of a device. */
  readonly device: string;
}

/** What to compile. */
export interface SegmentSpec extends Place {
  readonly part: NetworkPart;
  /** The part ends in logits, and softmax cross-entropy is its loss. */
  readonly hasLoss: boolean;
  /** Somebody waits for the gradient with respect to the part's input. */
  readonly needsInputGradient: boolean;
  /** Groups that cover all layers, in order. */
  readonly groups: readonly LayerGroup[];
}

/** Weights and optimiser state in the canonical layout, whichever engine made them. */
export interface SegmentState {
  /** All parameters in the order of `parametersOf(layers)`, flat. */
  readonly weights: Float32Array<ArrayBuffer>;
  /** One per layer group. */
  readonly optimizers: readonly OptimizerState[];
}

/** Turns parts of networks into something that trains. */
export interface Engine {
  readonly name: string;
  /** Version of the library that computes. */
  readonly version: string;
  listDevices(): Promise<readonly Device[]>;
  /** Compiles once for any number of segments. Throws where a layer or device is not known. */
  compile(spec: SegmentSpec): Promise<Program>;
}

/** A compiled part, without weights: all clients of a thread share one. */
export interface Program {
  readonly spec: SegmentSpec;
  /** A segment that starts from this state; the arrays become the segment's own. */
  createSegment(state: SegmentState): Segment;
  /** Frees it and its segments. */
  dispose(): Promise<void>;
}

/**
 * A compiled part with its weights and optimiser state: one client's head, the server's tail, or a whole network.
 *
 * One training step is `forward` then `backward` where somebody else has the loss, `lossGradient` then `update` where the
 * segment has it; what is given must not change until the step is over, and one call ends before the next begins. New weights
 * replace the old ones only when all of them are finite; else NumericError is thrown and the state stays as it was.
 */
export interface Segment {
  /** Output for a batch, keeping nothing. x [B, I] -> [B, F] */
  infer(x_BI: Tensor): Promise<Tensor>;
  /** Output for a batch, keeping what `backward` needs. x [B, I] -> [B, F] */
  forward(x_BI: Tensor): Promise<Tensor>;
  /** Takes the gradient of the output, makes one optimiser step; gives the input's gradient where the spec asks for it. */
  backward(dz_BF: Tensor): Promise<Tensor | undefined>;
  /**
   * Logits [B, K] and the gradient of the mean loss over the batch with respect to x, keeping what `update` needs. Throws
   * NumericError where that gradient is not finite. `dx_BI` is there where the spec asks for it.
   */
  lossGradient(x_BI: Tensor, labels_B: Int32Array<ArrayBuffer>): Promise<LossGradient>;
  /** The optimiser step for the last `lossGradient`. */
  update(): Promise<void>;
  /** A copy of weights and optimiser state. */
  exportState(): SegmentState;
  /** Forgets the past of one layer group's optimiser, its step count included; without a number, of all. */
  resetOptimizers(group?: number): void;
  /** Frees what it holds on its device; it is of no use afterwards. */
  dispose(): void;
}

export interface LossGradient {
  readonly logits_BK: Tensor;
  readonly dx_BI: Tensor | undefined;
}

/** The state at the start of training. */
export function freshState(spec: SegmentSpec, weights: Float32Array<ArrayBuffer>): SegmentState {
  return {
    weights,
    optimizers: groupSizes(spec).map((size, index) =>
      freshOptimizerState(spec.groups[index].optimizer, size),
    ),
  };
}

/** Number of parameters of each layer group. */
export function groupSizes({ part, groups }: SegmentSpec): readonly number[] {
  let firstLayer = 0;
  return groups.map(({ numLayers }) => {
    const layers = part.layers.slice(firstLayer, firstLayer + numLayers);
    firstLayer += numLayers;
    return numParameters(layers);
  });
}
