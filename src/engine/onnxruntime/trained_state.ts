import { NumericError } from '../../core/errors.js';
import { freeBuffers } from '../../core/free.js';
import { freshState, type SegmentSpec, type SegmentState } from '../engine.js';
import { hyperparameters } from '../optimizer.js';
import { floatsOf, isFiniteCheck, vector, type Tensors } from './tensors.js';
import { feeds, type StepNames } from './training_graph.js';

/** Weights and optimisers of a segment, which the optimiser step of a graph replaces. */
export class TrainedState {
  readonly #spec: SegmentSpec;
  #state: SegmentState;
  /** Whether nobody else has the state's memory: it came from a run. */
  #isFromRun = false;

  constructor(spec: SegmentSpec, state: SegmentState) {
    this.#spec = spec;
    this.#state = state;
  }

  get weights(): Float32Array<ArrayBuffer> {
    return this.#state.weights;
  }

  /** What a graph's optimiser step is fed beside weights and gradients. */
  stepFeeds(): Tensors {
    const given: Record<string, Tensors[string]> = {};
    this.#state.optimizers.forEach(({ step, slots }, group) => {
      given[feeds.hyper(group)] = vector(hyperparameters(this.#spec.groups[group].optimizer, step + 1));
      slots.forEach((slot, index) => (given[feeds.slot(group, index)] = vector(slot)));
    });
    return given;
  }

  /** The next state, where all of it is finite. Throws NumericError, and keeps the old one. */
  take(results: Tensors, names: StepNames): void {
    if (!isFiniteCheck(results[names.stateCheck]))
      throw new NumericError(
        'ERR_NOT_FINITE',
        'A weight, or what the optimiser remembers, is not finite after its step.',
      );
    const { weights, optimizers } = this.#state;
    const old = [weights, ...optimizers.flatMap(({ slots }) => slots)];
    this.#state = {
      weights: floatsOf(results[names.weights]),
      optimizers: optimizers.map(({ step }, group) => ({
        step: step + 1,
        slots: names.slots[group].map((name) => floatsOf(results[name])),
      })),
    };
    if (this.#isFromRun) freeBuffers(old.map(({ buffer }) => buffer));
    this.#isFromRun = true;
  }

  /** A copy. */
  export(): SegmentState {
    const { weights, optimizers } = this.#state;
    return {
      weights: weights.slice(),
      optimizers: optimizers.map(({ step, slots }) => ({ step, slots: slots.map((slot) => slot.slice()) })),
    };
  }

  /** Forgets the past of one layer group's optimiser; without a number, of all. */
  resetOptimizers(group?: number): void {
    const { weights, optimizers } = this.#state;
    const fresh = freshState(this.#spec, weights).optimizers;
    const isReset = (index: number) => group === undefined || group === index;
    this.#state = {
      weights,
      optimizers: optimizers.map((old, index) => (isReset(index) ? fresh[index] : old)),
    };
  }
}
