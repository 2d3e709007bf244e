// Shape legend: b rows of a part of a batch, I one row's input, F one row's output, P parameters
import ort from '../ort.js';
import { freeBuffers } from '../../../core/free.js';
import type { Tensor } from '../../../core/shapes.js';
import type { SegmentSpec } from '../../engine.js';
import { keptFor, run, type Kept } from '../segment.js';
import { createRunSessions, releaseSessions, type RunSessions } from '../sessions.js';
import { floatsOf, isFiniteCheck, rowsOf, toOrt, vector } from '../tensors.js';
import { buildMicroBatchModels, feeds, type MicroBatchModels } from '../training_graph.js';
import type { Part } from './parts.js';

/** What a lane keeps of a forward run until its backward run. */
export interface Key {
  /** Number of the segment, of all that share the lane. */
  readonly segment: number;
  readonly part: Part;
}

export interface PartInput extends Key {
  readonly x_bI: Tensor;
  /** Where the segment has the loss. */
  readonly loss?: { readonly labels_b: Int32Array<ArrayBuffer>; readonly rowWeight: number };
}

export interface PartOutput {
  readonly y_bF: Tensor;
  /** Where the segment has the loss, and somebody waits for it. */
  readonly dx?: { readonly dx_bI: Tensor; readonly isFinite: boolean };
}

export interface PartGradientInput extends Key {
  /** Where the segment has no loss. */
  readonly dy_bF?: Tensor;
}

export interface PartGradient {
  /** Of all parameters, flat [P]: of these rows, not their mean. */
  readonly gradient_P: Float32Array<ArrayBuffer>;
  /** Where the segment has no loss, and somebody waits for it. */
  readonly dx_bI: Tensor | undefined;
}

/** What computes parts of batches, one after the other: in this thread, or in another one. */
export interface Lane {
  /** Outputs, keeping nothing. */
  infer(weights_P: Float32Array<ArrayBuffer>, parts: readonly PartInput[]): Promise<readonly Tensor[]>;
  forward(weights_P: Float32Array<ArrayBuffer>, parts: readonly PartInput[]): Promise<readonly PartOutput[]>;
  backward(parts: readonly PartGradientInput[]): Promise<readonly PartGradient[]>;
  /** Forgets parts that get no backward run. */
  drop(keys: readonly Key[]): Promise<void>;
  close(): Promise<void>;
}

/** Computes in the thread that calls. */
export class LocalLane implements Lane {
  readonly #spec: SegmentSpec;
  readonly #models: MicroBatchModels;
  readonly #sessions: RunSessions;
  readonly #kept = new Map<string, Kept>();

  static async open(spec: SegmentSpec): Promise<LocalLane> {
    const models = buildMicroBatchModels(spec);
    return new LocalLane(spec, models, await createRunSessions(models, spec));
  }

  private constructor(spec: SegmentSpec, models: MicroBatchModels, sessions: RunSessions) {
    this.#spec = spec;
    this.#models = models;
    this.#sessions = sessions;
  }

  async infer(weights_P: Float32Array<ArrayBuffer>, parts: readonly PartInput[]): Promise<readonly Tensor[]> {
    const { infer, names } = this.#models;
    const weights = vector(weights_P);
    const outputs: Tensor[] = [];
    for (const { x_bI } of parts) {
      const given = { [feeds.x]: toOrt(x_bI), [feeds.weights]: weights };
      const results = await run(this.#sessions.infer, infer, given);
      outputs.push(rowsOf(results, names.y, x_bI.shape[0], this.#spec.part.outputShape));
    }
    return outputs;
  }

  async forward(
    weights_P: Float32Array<ArrayBuffer>,
    parts: readonly PartInput[],
  ): Promise<readonly PartOutput[]> {
    const weights = vector(weights_P);
    const outputs: PartOutput[] = [];
    for (const part of parts) outputs.push(await this.#forwardPart(weights, part));
    return outputs;
  }

  async backward(parts: readonly PartGradientInput[]): Promise<readonly PartGradient[]> {
    const gradients: PartGradient[] = [];
    for (const part of parts) gradients.push(await this.#backwardPart(part));
    return gradients;
  }

  drop(keys: readonly Key[]): Promise<void> {
    for (const text of keys.map(textOf)) {
      freeBuffers(this.#kept.get(text)?.own ?? []);
      this.#kept.delete(text);
    }
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await releaseSessions(this.#sessions);
  }

  async #forwardPart(weights: ort.Tensor, { x_bI, loss, ...key }: PartInput): Promise<PartOutput> {
    const { names } = this.#models;
    const { part } = this.#spec;
    const numRows = x_bI.shape[0];
    const given = {
      [feeds.x]: toOrt(x_bI),
      [feeds.weights]: weights,
      ...(loss && {
        [feeds.labels]: new ort.Tensor('int32', loss.labels_b, [numRows]),
        [feeds.rowWeight]: new ort.Tensor('float32', Float32Array.of(loss.rowWeight), []),
      }),
    };
    const results = await run(this.#sessions.forward, this.#models.forward, given);
    this.#kept.set(textOf(key), keptFor(this.#models, given, results));
    const y_bF = rowsOf(results, names.y, numRows, part.outputShape);
    if (names.dx === undefined || names.dxCheck === undefined) return { y_bF };
    const dx_bI = rowsOf(results, names.dx, numRows, part.inputShape);
    return { y_bF, dx: { dx_bI, isFinite: isFiniteCheck(results[names.dxCheck]) } };
  }

  async #backwardPart({ dy_bF, ...key }: PartGradientInput): Promise<PartGradient> {
    const text = textOf(key);
    const kept = this.#kept.get(text);
    if (!kept) throw new Error('A backward run needs a forward run before it.');
    this.#kept.delete(text);
    const given = dy_bF ? { ...kept.tensors, [feeds.dy]: toOrt(dy_bF) } : kept.tensors;
    const results = await run(this.#sessions.backward, this.#models.backward, given);
    freeBuffers(kept.own);
    const { names } = this.#models;
    const isLate = dy_bF !== undefined && names.dx !== undefined;
    return {
      gradient_P: floatsOf(results[names.gradient]),
      dx_bI: isLate ? rowsOf(results, names.dx, dy_bF.shape[0], this.#spec.part.inputShape) : undefined,
    };
  }
}

function textOf({ segment, part }: Key): string {
  return `${segment}/${part.firstRow}`;
}
