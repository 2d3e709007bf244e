import { ProtocolError } from '../core/errors.js';
import { freshState, groupSizes, type Program, type Segment, type SegmentState } from '../engine/engine.js';
import { numParameters } from '../models/layers.js';
import { initialWeights } from '../models/init.js';

/** What a client trains: the first layers; in the U shape also the last ones; or one segment, the whole network. */
export class Head {
  readonly #programs: readonly Program[];
  readonly #segments: readonly Segment[];

  /** One state a program; its arrays become the head's. A state without optimisers starts with fresh ones. Throws ProtocolError. */
  constructor(programs: readonly Program[], states: readonly SegmentState[]) {
    this.#programs = programs;
    // All are checked before the first segment is made.
    const fitting = programs.map((program, index) => fittingState(program, states.at(index)));
    this.#segments = programs.map((program, index) => program.createSegment(fitting[index]));
  }

  /** With initial weights, and optimisers that have not made a step. */
  static initial(programs: readonly Program[], seed: number): Head {
    return new Head(
      programs,
      programs.map(({ spec }) => freshState(spec, initialWeights(spec.part.layers, seed))),
    );
  }

  /** The first layers, or the whole network. */
  get first(): Segment {
    return this.#segments[0];
  }

  /** The last layers, in the U shape. */
  get back(): Segment {
    const back = this.#segments.at(1);
    if (!back) throw new ProtocolError('ERR_NOT_DUE', 'The last layers are not here, but on the server.');
    return back;
  }

  /** A copy of each segment's state. */
  exportStates(): readonly SegmentState[] {
    return this.#segments.map((segment) => segment.exportState());
  }

  /** The weights of each layer group. */
  exportGroups(): readonly Float32Array<ArrayBuffer>[] {
    return this.exportStates().flatMap(({ weights }, index) => {
      let first = 0;
      return groupSizes(this.#programs[index].spec).map((size) => weights.slice(first, (first += size)));
    });
  }

  dispose(): void {
    for (const segment of this.#segments) segment.dispose();
  }
}

/** A state of another size is refused. */
function fittingState({ spec }: Program, state: SegmentState | undefined): SegmentState {
  const numWeights = numParameters(spec.part.layers);
  const given = state?.weights.length ?? 0;
  if (state && given === numWeights) {
    const fresh = freshState(spec, state.weights);
    if (state.optimizers.length === 0) return fresh;
    if (String(sizesOf(state)) === String(sizesOf(fresh))) return state;
  }
  throw new ProtocolError(
    'ERR_HAND_OVER',
    `A head of ${given} parameters was handed over where ${numWeights} and their optimisers were expected.`,
  );
}

function sizesOf({ optimizers }: SegmentState): readonly (readonly number[])[] {
  return optimizers.map(({ slots }) => slots.map(({ length }) => length));
}
