// Shape legend: B batch, I one row's input, F one row's output, K classes
import ort from 'onnxruntime-node';
import { NumericError } from '../../core/errors.js';
import { numElements, type Shape, type Tensor } from '../../core/shapes.js';
import {
  freshState,
  type LossGradient,
  type Segment,
  type SegmentSpec,
  type SegmentState,
} from '../engine.js';
import { hyperparameters } from '../optimizer.js';
import type { ExtractedModel } from './graph.js';
import { feeds, type TrainingModels } from './training_graph.js';

export interface TrainingSessions {
  readonly infer: ort.InferenceSession;
  readonly forward: ort.InferenceSession;
  readonly backward: ort.InferenceSession;
}

type Tensors = Record<string, ort.Tensor>;

/** A segment whose every run is one onnxruntime session's. */
export class OrtSegment implements Segment {
  readonly #spec: SegmentSpec;
  readonly #models: TrainingModels;
  readonly #sessions: TrainingSessions;
  #state: SegmentState;
  /** What the last forward run was given and kept, until its backward run. */
  #kept: Tensors | undefined;

  constructor(spec: SegmentSpec, models: TrainingModels, sessions: TrainingSessions, state: SegmentState) {
    this.#spec = spec;
    this.#models = models;
    this.#sessions = sessions;
    this.#state = state;
  }

  async infer(x_BI: Tensor): Promise<Tensor> {
    const results = await this.#run('infer', this.#forwardFeeds(x_BI));
    return this.#output(results, this.#models.names.y, x_BI.shape[0], this.#spec.part.outputShape);
  }

  async forward(x_BI: Tensor): Promise<Tensor> {
    const results = await this.#forward(this.#forwardFeeds(x_BI));
    return this.#output(results, this.#models.names.y, x_BI.shape[0], this.#spec.part.outputShape);
  }

  async backward(dz_BF: Tensor): Promise<Tensor | undefined> {
    const results = await this.#step({ [feeds.dy]: toOrt(dz_BF) });
    const { dx } = this.#models.names;
    return dx === undefined
      ? undefined
      : this.#output(results, dx, dz_BF.shape[0], this.#spec.part.inputShape);
  }

  async lossGradient(x_BI: Tensor, labels_B: Int32Array<ArrayBuffer>): Promise<LossGradient> {
    const { names } = this.#models;
    const given = {
      ...this.#forwardFeeds(x_BI),
      [feeds.labels]: new ort.Tensor('int32', labels_B, [labels_B.length]),
      [feeds.rowWeight]: new ort.Tensor('float32', Float32Array.of(1 / labels_B.length), []),
    };
    const results = await this.#forward(given);
    const numRows = x_BI.shape[0];
    const logits_BK = this.#output(results, names.y, numRows, this.#spec.part.outputShape);
    if (names.dx === undefined || names.dxCheck === undefined) return { logits_BK, dx_BI: undefined };
    if (!isFiniteCheck(results[names.dxCheck]))
      throw new NumericError('ERR_NOT_FINITE', 'The gradient at the cut is not finite.');
    return { logits_BK, dx_BI: this.#output(results, names.dx, numRows, this.#spec.part.inputShape) };
  }

  async update(): Promise<void> {
    await this.#step({});
  }

  exportState(): SegmentState {
    const { weights, optimizers } = this.#state;
    return {
      weights: weights.slice(),
      optimizers: optimizers.map(({ step, slots }) => ({ step, slots: slots.map((slot) => slot.slice()) })),
    };
  }

  resetOptimizers(group?: number): void {
    const { weights, optimizers } = this.#state;
    const fresh = freshState(this.#spec, weights).optimizers;
    const isReset = (index: number) => group === undefined || group === index;
    this.#state = {
      weights,
      optimizers: optimizers.map((old, index) => (isReset(index) ? fresh[index] : old)),
    };
  }

  dispose(): void {
    this.#kept = undefined;
  }

  #forwardFeeds(x_BI: Tensor): Tensors {
    return { [feeds.x]: toOrt(x_BI), [feeds.weights]: vector(this.#state.weights) };
  }

  async #forward(given: Tensors): Promise<Tensors> {
    const results = await this.#run('forward', given);
    const available: Tensors = { ...given, ...results };
    const needed = this.#models.backward.inputs.filter((name) => name in available);
    this.#kept = Object.fromEntries(needed.map((name) => [name, available[name]]));
    return results;
  }

  /** The backward run: computes the next state, and makes it the current one when it is finite. */
  async #step(given: Tensors): Promise<Tensors> {
    if (!this.#kept) throw new Error('A backward run needs a forward run before it.');
    const inputs: Tensors = { ...this.#kept, ...given };
    this.#kept = undefined;
    const { optimizers } = this.#state;
    optimizers.forEach(({ step, slots }, group) => {
      const hyper = hyperparameters(this.#spec.groups[group].optimizer, step + 1);
      inputs[feeds.hyper(group)] = vector(hyper);
      slots.forEach((slot, index) => (inputs[feeds.slot(group, index)] = vector(slot)));
    });
    const results = await this.#run('backward', inputs);
    const { names } = this.#models;
    if (!isFiniteCheck(results[names.stateCheck]))
      throw new NumericError(
        'ERR_NOT_FINITE',
        'A weight, or what the optimiser remembers, is not finite after its step.',
      );
    this.#state = {
      weights: floatsOf(results[names.weights]),
      optimizers: optimizers.map(({ step }, group) => ({
        step: step + 1,
        slots: names.slots[group].map((name) => floatsOf(results[name])),
      })),
    };
    return results;
  }

  async #run(which: keyof TrainingSessions, available: Tensors): Promise<Tensors> {
    const model: ExtractedModel = this.#models[which];
    const inputs: Tensors = {};
    for (const name of model.inputs) inputs[name] = available[name];
    return await this.#sessions[which].run(inputs);
  }

  #output(results: Tensors, name: string, numRows: number, shape: Shape): Tensor {
    const data = floatsOf(results[name]);
    if (data.length !== numRows * numElements(shape))
      throw new Error(`onnxruntime gave ${data.length} values for "${name}".`);
    return { shape: [numRows, ...shape], data };
  }
}

function toOrt({ shape, data }: Tensor): ort.Tensor {
  return new ort.Tensor('float32', data, shape);
}

function vector(data: Float32Array): ort.Tensor {
  return new ort.Tensor('float32', data, [data.length]);
}

function floatsOf(tensor: ort.Tensor): Float32Array<ArrayBuffer> {
  return tensor.data as Float32Array<ArrayBuffer>;
}

function isFiniteCheck(check: ort.Tensor): boolean {
  return floatsOf(check)[0] === 0;
}
