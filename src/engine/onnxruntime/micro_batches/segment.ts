// Shape legend: B batch, b rows of a part of it, I one row's input, F one row's output, K classes, P parameters
import { freeBuffers } from '../../../core/free.js';
import { numElements, type Tensor } from '../../../core/shapes.js';
import type { LossGradient, Segment, SegmentSpec, SegmentState } from '../../engine.js';
import { cutGradientNotFinite, run } from '../segment.js';
import { vector, type Tensors } from '../tensors.js';
import { TrainedState } from '../trained_state.js';
import { feeds } from '../training_graph.js';
import type { Key, PartGradient, PartInput, PartOutput } from './lane.js';
import type { Lanes } from './lanes.js';
import { partsOf, rowsIn, type Part } from './parts.js';

/**
 * A segment that trains each batch in parts: forward and backward of each where its lane is, then one optimiser step for the
 * sum of their gradients, added in the order of the parts. The result depends on the number of parts, and not on that of lanes.
 */
export class MicroBatchSegment implements Segment {
  readonly #spec: SegmentSpec;
  readonly #lanes: Lanes;
  readonly #state: TrainedState;
  /** Parts of the batch whose forward run was, until its backward run. */
  #underWay: readonly Part[] = [];
  readonly #id: number;

  constructor(spec: SegmentSpec, lanes: Lanes, state: SegmentState, id: number) {
    this.#spec = spec;
    this.#lanes = lanes;
    this.#state = new TrainedState(spec, state);
    this.#id = id;
  }

  async infer(x_BI: Tensor): Promise<Tensor> {
    const { weights } = this.#state;
    const inputs = this.#inputs(this.#partsOf(x_BI), x_BI);
    return joined(await this.#lanes.each(inputs, (lane, some) => lane.infer(weights, some)));
  }

  async forward(x_BI: Tensor): Promise<Tensor> {
    return joined((await this.#forward(x_BI)).map(({ y_bF }) => y_bF));
  }

  async lossGradient(x_BI: Tensor, labels_B: Int32Array<ArrayBuffer>): Promise<LossGradient> {
    const outputs = await this.#forward(x_BI, labels_B);
    const logits_BK = joined(outputs.map(({ y_bF }) => y_bF));
    const gradients = outputs.flatMap(({ dx }) => (dx ? [dx] : []));
    if (gradients.length === 0) return { logits_BK, dx_BI: undefined };
    if (!gradients.every(({ isFinite }) => isFinite)) throw cutGradientNotFinite();
    return { logits_BK, dx_BI: joined(gradients.map(({ dx_bI }) => dx_bI)) };
  }

  async backward(dz_BF: Tensor): Promise<Tensor | undefined> {
    const gradients = await this.#backward(dz_BF);
    const inputs = gradients.flatMap(({ dx_bI }) => (dx_bI ? [dx_bI] : []));
    return inputs.length === 0 ? undefined : joined(inputs);
  }

  async update(): Promise<void> {
    await this.#backward();
  }

  exportState(): SegmentState {
    return this.#state.export();
  }

  resetOptimizers(group?: number): void {
    this.#state.resetOptimizers(group);
  }

  /** Forgets a batch that gets no backward run. */
  dispose(): void {
    this.#lanes.drop(this.#underWay.map((part) => this.#keyOf(part)));
    this.#underWay = [];
  }

  async #forward(x_BI: Tensor, labels_B?: Int32Array<ArrayBuffer>): Promise<readonly PartOutput[]> {
    this.dispose();
    this.#underWay = this.#partsOf(x_BI);
    const inputs = this.#inputs(this.#underWay, x_BI, labels_B);
    const { weights } = this.#state;
    return await this.#lanes.each(inputs, (lane, some) => lane.forward(weights, some));
  }

  async #backward(dy_BF?: Tensor): Promise<readonly PartGradient[]> {
    const numRows = this.#underWay.reduce((sum, part) => sum + part.numRows, 0);
    if (numRows === 0) throw new Error('A backward run needs a forward run before it.');
    if (dy_BF && dy_BF.shape[0] !== numRows)
      throw new Error(`The gradient has ${dy_BF.shape[0]} rows, and the batch ${numRows}.`);
    const inputs = this.#underWay.map((part) => ({
      ...this.#keyOf(part),
      ...(dy_BF && { dy_bF: rowsIn(dy_BF, part) }),
    }));
    const gradients = await this.#lanes
      .each(inputs, (lane, some) => lane.backward(some))
      .finally(() => {
        this.dispose();
      });
    await this.#step(gradients.map(({ gradient_P }) => gradient_P));
    return gradients;
  }

  async #step(gradients: readonly Float32Array<ArrayBuffer>[]): Promise<void> {
    const { update, models } = this.#lanes;
    const { weights } = this.#state;
    const given: Record<string, Tensors[string]> = { [feeds.weights]: vector(weights) };
    // A batch with fewer rows than there are parts to be.
    const nothing = new Float32Array(gradients.length < this.#spec.microBatches ? weights.length : 0);
    for (let part = 0; part < this.#spec.microBatches; part++)
      given[feeds.gradient(part)] = vector(part < gradients.length ? gradients[part] : nothing);
    const results = await run(update, models.update, { ...given, ...this.#state.stepFeeds() });
    freeBuffers(gradients.map(({ buffer }) => buffer));
    this.#state.take(results, models.names);
  }

  #partsOf({ shape: [numRows] }: Tensor): readonly Part[] {
    return partsOf(numRows, this.#spec.microBatches);
  }

  #inputs(parts: readonly Part[], x_BI: Tensor, labels_B?: Int32Array<ArrayBuffer>): readonly PartInput[] {
    return parts.map((part) => ({
      ...this.#keyOf(part),
      x_bI: rowsIn(x_BI, part),
      ...(labels_B && {
        loss: {
          labels_b: labels_B.slice(part.firstRow, part.firstRow + part.numRows),
          rowWeight: 1 / labels_B.length,
        },
      }),
    }));
  }

  #keyOf(part: Part): Key {
    return { segment: this.#id, part };
  }
}

/** Parts of a batch one after the other, which are empty afterwards: [b, ...] each -> [B, ...] */
function joined(parts: readonly Tensor[]): Tensor {
  const [{ shape }] = parts;
  const rowShape = shape.slice(1);
  const numRows = parts.reduce((sum, part) => sum + part.shape[0], 0);
  const data = new Float32Array(numRows * numElements(rowShape));
  let offset = 0;
  for (const part of parts) {
    data.set(part.data, offset);
    offset += part.data.length;
  }
  freeBuffers(parts.map((part) => part.data.buffer));
  return { shape: [numRows, ...rowShape], data };
}
