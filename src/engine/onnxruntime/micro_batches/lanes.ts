import { availableParallelism } from 'node:os';
import type ort from 'onnxruntime-node';
import { costsOf } from '../../../models/layers.js';
import type { SegmentSpec } from '../../engine.js';
import { createSession } from '../sessions.js';
import { buildMicroBatchModels, type MicroBatchModels } from '../training_graph.js';
import { LocalLane, type Key, type Lane } from './lane.js';
import { openThreadLane } from './thread_lane.js';

export interface LaneOptions {
  /** This thread's included. */
  readonly maxLanes: number;
  /** A part whose forward run has fewer operations is computed here: sending it to another thread would take as long. */
  readonly minFlop: number;
}

const here: LaneOptions = { maxLanes: availableParallelism(), minFlop: 8e6 };

/** Where the parts of batches are computed side by side: this thread, and as many others as there are cores and parts for. */
export class Lanes {
  readonly models: MicroBatchModels;
  /** The optimiser's step, in this thread. */
  readonly update: ort.InferenceSession;
  readonly #lanes: readonly Lane[];
  /** Of a part that is computed on another lane. */
  readonly #minRows: number;

  static async open(spec: SegmentSpec, { maxLanes, minFlop } = here): Promise<Lanes> {
    const models = buildMicroBatchModels(spec);
    const number = Math.min(spec.microBatches, maxLanes);
    const opened = await Promise.allSettled([
      LocalLane.open(spec),
      ...Array.from({ length: number - 1 }, () => openThreadLane(spec)),
    ]);
    const lanes = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const failed = opened.find((each) => each.status === 'rejected');
    if (failed) {
      await Promise.all(lanes.map((lane) => lane.close()));
      throw failed.reason;
    }
    const update = await createSession(models.update, spec);
    const { forwardFlop } = costsOf(spec.part.layers, spec.part.inputShape);
    return new Lanes({ models, update }, lanes, minFlop / forwardFlop);
  }

  private constructor(
    { models, update }: Pick<Lanes, 'models' | 'update'>,
    lanes: readonly Lane[],
    minRows: number,
  ) {
    this.models = models;
    this.update = update;
    this.#lanes = lanes;
    this.#minRows = minRows;
  }

  /**
   * Part p is computed on lane p mod their number, and parts that are too small to be sent all here: what comes back is in the
   * order of the parts.
   */
  async each<Input extends Key, Output>(
    inputs: readonly Input[],
    compute: (lane: Lane, some: readonly Input[]) => Promise<readonly Output[]>,
  ): Promise<readonly Output[]> {
    const number = inputs[0].part.numRows < this.#minRows ? 1 : this.#lanes.length;
    const ofLane = (place: number) => inputs.filter((_, part) => part % number === place);
    // The other threads first: this one computes as soon as it is asked.
    const places = [...this.#lanes.keys()].reverse().filter((place) => place < inputs.length);
    const computed = await Promise.all(
      places.map(async (place) => [place, await compute(this.#lanes[place], ofLane(place))] as const),
    );
    const outputs = new Map(computed);
    return inputs.map(
      (_, part) => (outputs.get(part % number) as readonly Output[])[Math.floor(part / number)],
    );
  }

  drop(keys: readonly Key[]): void {
    if (keys.length === 0) return;
    // A thread that has ended keeps nothing; whoever computes next hears of it.
    for (const lane of this.#lanes) lane.drop(keys).catch(() => undefined);
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
    await this.update.release();
  }
}
