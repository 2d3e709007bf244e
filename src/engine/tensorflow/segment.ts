// Shape legend: B batch, I one row's input, F one row's output, K classes
import { NumericError } from '../../core/errors.js';
import type { Shape, Tensor } from '../../core/shapes.js';
import type { LossGradient, Segment, SegmentSpec, SegmentState } from '../engine.js';
import { freshOptimizerState } from '../optimizer.js';
import {
  exportGroup,
  importGroup,
  replaceOptimizer,
  isGroupFinite,
  stepGroup,
  tensorsOf,
  type Group,
  type GroupState,
} from './group.js';
import type { Step } from './steps.js';
import { parameterGradients, runBackward, runForward, type Tape } from './tape.js';
import type { Handle, TensorScope } from './tensors.js';

/** What all segments of a program share. */
export interface SegmentProgram {
  readonly spec: SegmentSpec;
  readonly steps: readonly Step[];
  readonly groups: readonly Group[];
  /** The segments that have not been disposed of. */
  readonly segments: Set<Segment>;
  /** A scope on the program's device, which becomes the current one of this thread. */
  openScope(): TensorScope;
  useDevice(): void;
}

/** A forward run that waits for its backward run. */
interface Pending {
  readonly scope: TensorScope;
  readonly tape: Tape;
}

/** A segment whose tensors live on a device: kernels of TensorFlow, forward and backward, on kept activations. */
export class TfSegment implements Segment {
  readonly #program: SegmentProgram;
  #state: readonly GroupState[] = [];
  /** Has the state's tensors, and no others. */
  #owner: TensorScope;
  #pending: Pending | undefined;

  constructor(program: SegmentProgram, { weights, optimizers }: SegmentState) {
    this.#program = program;
    this.#owner = program.openScope();
    this.#within((t) => {
      let offset = 0;
      const state = program.groups.map((group, index) => {
        const own = weights.subarray(offset, (offset += group.size));
        return importGroup(t, group, own, optimizers[index]);
      });
      this.#adopt(t, state);
    });
    program.segments.add(this);
  }

  infer(x_BI: Tensor): Promise<Tensor> {
    return settle(() => this.#within((t) => this.#output(t, this.#forward(t, x_BI).y, x_BI)));
  }

  forward(x_BI: Tensor): Promise<Tensor> {
    return settle(() => {
      const { scope, tape } = this.#start(x_BI);
      return this.#output(scope, tape.y, x_BI);
    });
  }

  backward(dz_BF: Tensor): Promise<Tensor | undefined> {
    return settle(() =>
      this.#finish((t, tape) => {
        const { needsInputGradient, part } = this.#program.spec;
        const dx = runBackward(tape, t.floats(dz_BF.shape, dz_BF.data), needsInputGradient);
        this.#step(t, tape);
        return dx === undefined ? undefined : tensorOf(t, dx, dz_BF.shape[0], part.inputShape);
      }),
    );
  }

  lossGradient(x_BI: Tensor, labels_B: Int32Array<ArrayBuffer>): Promise<LossGradient> {
    return settle(() => {
      const pending = this.#start(x_BI);
      try {
        return this.#lossGradient(pending, x_BI, labels_B);
      } catch (error) {
        this.#drop();
        throw error;
      }
    });
  }

  update(): Promise<void> {
    return settle(() => {
      this.#finish((t, tape) => {
        this.#step(t, tape);
      });
    });
  }

  exportState(): SegmentState {
    return this.#within((t) => {
      const exported = this.#state.map((state, index) => exportGroup(t, this.#program.groups[index], state));
      const weights = new Float32Array(exported.reduce((sum, group) => sum + group.weights.length, 0));
      let offset = 0;
      for (const group of exported) {
        weights.set(group.weights, offset);
        offset += group.weights.length;
      }
      return { weights, optimizers: exported.map(({ optimizer }) => optimizer) };
    });
  }

  resetOptimizers(group?: number): void {
    this.#within((t) => {
      const state = this.#state.map((old, index) => {
        if (group !== undefined && group !== index) return old;
        const own = this.#program.groups[index];
        return replaceOptimizer(t, own, old, freshOptimizerState(own.optimizer, own.size));
      });
      this.#adopt(t, state);
    });
  }

  dispose(): void {
    this.#drop();
    this.#owner.dispose();
    this.#state = [];
    this.#program.segments.delete(this);
  }

  #forward(t: TensorScope, { shape, data }: Tensor): Tape {
    const parameters = this.#state.flatMap((group) => group.parameters);
    return runForward(t, this.#program.steps, parameters, t.floats(shape, data));
  }

  #lossGradient({ scope: t, tape }: Pending, x_BI: Tensor, labels_B: Int32Array): LossGradient {
    const { needsInputGradient, part } = this.#program.spec;
    const dy = crossEntropyGradient(t, tape.y, labels_B, part.outputShape);
    const dx = runBackward(tape, dy, needsInputGradient);
    const logits_BK = this.#output(t, tape.y, x_BI);
    if (dx === undefined) return { logits_BK, dx_BI: undefined };
    if (!t.isFinite(t.reshape(dx, [-1])))
      throw new NumericError('ERR_NOT_FINITE', 'The gradient at the cut is not finite.');
    return { logits_BK, dx_BI: tensorOf(t, dx, x_BI.shape[0], part.inputShape) };
  }

  /** A forward run that is kept; the one before is forgotten. */
  #start(x_BI: Tensor): Pending {
    this.#drop();
    const scope = this.#program.openScope();
    try {
      return (this.#pending = { scope, tape: this.#forward(scope, x_BI) });
    } catch (error) {
      scope.dispose();
      throw error;
    }
  }

  /** Ends the kept forward run. */
  #finish<T>(run: (t: TensorScope, tape: Tape) => T): T {
    if (!this.#pending) throw new Error('A backward run needs a forward run before it.');
    this.#program.useDevice();
    try {
      return run(this.#pending.scope, this.#pending.tape);
    } finally {
      this.#drop();
    }
  }

  #drop(): void {
    this.#pending?.scope.dispose();
    this.#pending = undefined;
  }

  /** Computes the next state, and makes it the current one when it is finite. */
  #step(t: TensorScope, tape: Tape): void {
    const gradients = parameterGradients(tape);
    let used = 0;
    const next = this.#state.map((state, index) => {
      const group = this.#program.groups[index];
      return stepGroup(t, group, state, gradients.slice(used, (used += group.parameters.length)));
    });
    if (!next.every((state) => isGroupFinite(t, state)))
      throw new NumericError(
        'ERR_NOT_FINITE',
        'A weight, or what the optimiser remembers, is not finite after its step.',
      );
    this.#adopt(t, next);
  }

  /** Makes this the state: its tensors, out of the scope or the state before, are kept, all others of that state freed. */
  #adopt(t: TensorScope, state: readonly GroupState[]): void {
    const owner = this.#program.openScope();
    for (const tensor of state.flatMap(tensorsOf)) owner.own(t.release(this.#owner.release(tensor)));
    this.#owner.dispose();
    this.#owner = owner;
    this.#state = state;
  }

  #within<T>(run: (t: TensorScope) => T): T {
    const scope = this.#program.openScope();
    try {
      return run(scope);
    } finally {
      scope.dispose();
    }
  }

  #output(t: TensorScope, y: Handle, { shape: [numRows] }: Tensor): Tensor {
    return tensorOf(t, y, numRows, this.#program.spec.part.outputShape);
  }
}

/** d(mean cross-entropy)/d(logits) = (softmax(logits) - onehot(label)) / rows */
function crossEntropyGradient(
  t: TensorScope,
  logits_BK: Handle,
  labels_B: Int32Array,
  [numClasses]: Shape,
): Handle {
  const numRows = labels_B.length;
  const isLabel_BK = new Float32Array(numRows * numClasses);
  labels_B.forEach((label, row) => (isLabel_BK[row * numClasses + label] = 1));
  const error_BK = t.subtract(t.softmax(logits_BK), t.floats([numRows, numClasses], isLabel_BK));
  return t.multiply(error_BK, t.scalar(1 / numRows));
}

function tensorOf(t: TensorScope, tensor: Handle, numRows: number, shape: Shape): Tensor {
  return { shape: [numRows, ...shape], data: t.read(tensor) };
}

/** A promise of what a function gives, or throws. */
function settle<T>(run: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(run());
  });
}
