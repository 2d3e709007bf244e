import { availableParallelism } from 'node:os';
import type ort from '../ort.js';
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
  /** One of the others. */
  readonly openLane: (spec: SegmentSpec) => Promise<Lane>;
}

const usual: LaneOptions = { maxLanes: availableParallelism(), minFlop: 8e6, openLane: openThreadLane };

/**
 * Where the parts of batches are computed side by side: this thread, and as many others as there are cores and parts for, which are
 * started for the first batch whose parts are large enough.
 */
export class Lanes {
  readonly models: MicroBatchModels;
  /** The optimiser's step, in this thread. */
  readonly update: ort.InferenceSession;
  readonly #here: Lane;
  #others: Promise<readonly Lane[]> | undefined;
  readonly #openOthers: () => Promise<readonly Lane[]>;
  /** Of a part that is computed elsewhere. */
  readonly #minRows: number;

  static async open(spec: SegmentSpec, options = usual): Promise<Lanes> {
    const models = buildMicroBatchModels(spec);
    const here = await LocalLane.open(spec);
    try {
      return new Lanes({ models, update: await createSession(models.update, spec) }, here, spec, options);
    } catch (error) {
      await here.close();
      throw error;
    }
  }

  private constructor(
    { models, update }: Pick<Lanes, 'models' | 'update'>,
    here: Lane,
    spec: SegmentSpec,
    { maxLanes, minFlop, openLane }: LaneOptions,
  ) {
    this.models = models;
    this.update = update;
    this.#here = here;
    const numOthers = Math.min(spec.microBatches, maxLanes) - 1;
    this.#openOthers = () => openAll(numOthers, () => openLane(spec));
    this.#minRows = minFlop / costsOf(spec.part.layers, spec.part.inputShape).forwardFlop;
  }

  /** Has the parts computed, each where the same part of a batch of this size always is; what comes back is in their order. */
  async each<Input extends Key, Output>(
    inputs: readonly Input[],
    compute: (lane: Lane, some: readonly Input[]) => Promise<readonly Output[]>,
  ): Promise<readonly Output[]> {
    const others = inputs[0].part.numRows < this.#minRows ? [] : await this.#openedOthers();
    // This one last: it computes as soon as it is asked.
    const lanes = [...others, this.#here].slice(-inputs.length);
    const number = lanes.length;
    const computed = await Promise.allSettled(
      lanes.map((lane, place) =>
        compute(
          lane,
          inputs.filter((_, part) => part % number === place),
        ),
      ),
    );
    const outputs = computed.map((each) => {
      if (each.status === 'rejected') throw each.reason;
      return each.value;
    });
    return inputs.map((_, part) => outputs[part % number][Math.floor(part / number)]);
  }

  drop(keys: readonly Key[]): void {
    if (keys.length === 0) return;
    void this.#here.drop(keys);
    // A thread that has ended keeps nothing; whoever computes next hears of it.
    this.#others?.then((lanes) => Promise.all(lanes.map((lane) => lane.drop(keys)))).catch(() => undefined);
  }

  async close(): Promise<void> {
    // Where they did not open, whoever computed was told.
    const others = (await this.#others?.catch(() => undefined)) ?? [];
    await Promise.all([this.#here, ...others].map((lane) => lane.close()));
    await this.update.release();
  }

  #openedOthers(): Promise<readonly Lane[]> {
    this.#others ??= this.#openOthers();
    return this.#others;
  }
}

/** All, or none: where one does not open the others are closed, and its error is thrown. */
async function openAll(number: number, open: () => Promise<Lane>): Promise<readonly Lane[]> {
  const opened = await Promise.allSettled(Array.from({ length: number }, open));
  const lanes = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = opened.find((each) => each.status === 'rejected');
  if (!failed) return lanes;
  await Promise.all(lanes.map((lane) => lane.close()));
  throw failed.reason;
}
