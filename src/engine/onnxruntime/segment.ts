// Shape legend: B batch, I one row's input, F one row's output, K classes
import ort from './ort.js';
import { NumericError } from '../../core/errors.js';
import { freeBuffers } from '../../core/free.js';
import type { Tensor } from '../../core/shapes.js';
import type { LossGradient, Segment, SegmentSpec, SegmentState } from '../engine.js';
import type { ExtractedModel } from './graph.js';
import type { RunSessions } from './sessions.js';
import { isFiniteCheck, rowsOf, toOrt, vector, type Tensors } from './tensors.js';
import { TrainedState } from './trained_state.js';
import { feeds, type TrainingModels } from './training_graph.js';

/** A segment whose every run is one onnxruntime session's. */
export class OrtSegment implements Segment {
  readonly #spec: SegmentSpec;
  readonly #models: TrainingModels;
  readonly #sessions: RunSessions;
  readonly #state: TrainedState;
  /** Of the last forward run, until its backward run. */
  #kept: Kept | undefined;

  constructor(spec: SegmentSpec, models: TrainingModels, sessions: RunSessions, state: SegmentState) {
    this.#spec = spec;
    this.#models = models;
    this.#sessions = sessions;
    this.#state = new TrainedState(spec, state);
  }

  async infer(x_BI: Tensor): Promise<Tensor> {
    const results = await this.#run('infer', this.#forwardFeeds(x_BI));
    return rowsOf(results, this.#models.names.y, x_BI.shape[0], this.#spec.part.outputShape);
  }

  async forward(x_BI: Tensor): Promise<Tensor> {
    const results = await this.#forward(this.#forwardFeeds(x_BI));
    return rowsOf(results, this.#models.names.y, x_BI.shape[0], this.#spec.part.outputShape);
  }

  async backward(dz_BF: Tensor): Promise<Tensor | undefined> {
    const results = await this.#step({ [feeds.dy]: toOrt(dz_BF) });
    const { dx } = this.#models.names;
    return dx === undefined ? undefined : rowsOf(results, dx, dz_BF.shape[0], this.#spec.part.inputShape);
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
    const logits_BK = rowsOf(results, names.y, numRows, this.#spec.part.outputShape);
    if (names.dx === undefined || names.dxCheck === undefined) return { logits_BK, dx_BI: undefined };
    if (!isFiniteCheck(results[names.dxCheck])) throw cutGradientNotFinite();
    return { logits_BK, dx_BI: rowsOf(results, names.dx, numRows, this.#spec.part.inputShape) };
  }

  async update(): Promise<void> {
    await this.#step({});
  }

  exportState(): SegmentState {
    return this.#state.export();
  }

  resetOptimizers(group?: number): void {
    this.#state.resetOptimizers(group);
  }

  dispose(): void {
    this.#kept = undefined;
  }

  #forwardFeeds(x_BI: Tensor): Tensors {
    return { [feeds.x]: toOrt(x_BI), [feeds.weights]: vector(this.#state.weights) };
  }

  async #forward(given: Tensors): Promise<Tensors> {
    const results = await this.#run('forward', given);
    this.#kept = keptFor(this.#models, given, results);
    return results;
  }

  /** The backward run: computes the next state, and makes it the current one when it is finite. */
  async #step(given: Tensors): Promise<Tensors> {
    if (!this.#kept) throw new Error('A backward run needs a forward run before it.');
    const { tensors, own } = this.#kept;
    this.#kept = undefined;
    const inputs = { ...tensors, ...given, ...this.#state.stepFeeds() };
    const results = await this.#run('backward', inputs);
    freeBuffers(own);
    this.#state.take(results, this.#models.names);
    return results;
  }

  async #run(which: keyof RunSessions, available: Tensors): Promise<Tensors> {
    return await run(this.#sessions[which], this.#models[which], available);
  }
}

/** Runs a model on those of the tensors that it wants. */
export async function run(
  session: ort.InferenceSession,
  { inputs }: ExtractedModel,
  available: Tensors,
): Promise<Tensors> {
  return await session.run(Object.fromEntries(inputs.map((name) => [name, available[name]])));
}

/** What a forward run leaves for its backward run. */
export interface Kept {
  readonly tensors: Tensors;
  /** Memory of those that the run made and nobody else has. */
  readonly own: readonly ArrayBuffer[];
}

export function keptFor(
  { backward, names }: Pick<TrainingModels, 'backward' | 'names'>,
  given: Tensors,
  results: Tensors,
): Kept {
  const available = { ...given, ...results };
  const needed = backward.inputs.filter((name) => name in available);
  const own = Object.keys(results).filter((name) => name !== names.y && name !== names.dx);
  return {
    tensors: Object.fromEntries(needed.map((name) => [name, available[name]])),
    own: own.map((name) => (results[name].data as Uint8Array<ArrayBuffer>).buffer),
  };
}

export function cutGradientNotFinite(): NumericError {
  return new NumericError('ERR_NOT_FINITE', 'The gradient at the cut is not finite.');
}
