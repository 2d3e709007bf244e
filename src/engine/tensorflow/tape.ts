import type { LayerRun } from './layers/layer.js';
import type { Step } from './steps.js';
import type { Handle, TensorScope } from './tensors.js';

/** A forward run of all steps, and how far its backward run has come. */
export interface Tape {
  readonly runs: readonly LayerRun[];
  readonly y: Handle;
  /** Gradients of the runs' outputs, by the run's number; not of runs before which nothing waits for a gradient. */
  readonly dy: Map<number, Handle>;
}

/** Runs all steps forward. The tape lives as long as the scope. */
export function runForward(
  t: TensorScope,
  steps: readonly Step[],
  parameters: readonly Handle[],
  x: Handle,
): Tape {
  let y = x;
  let used = 0;
  const runs = steps.map(({ run, numParameters }) => {
    const layerRun = run(t, y, parameters.slice(used, (used += numParameters)));
    y = layerRun.y;
    return layerRun;
  });
  return { runs, y, dy: new Map() };
}

/** Carries the output's gradient back as far as somebody needs it: to the input (which it gives), or the first trained step. */
export function runBackward(tape: Tape, dy: Handle, needsInputGradient: true): Handle;
export function runBackward(tape: Tape, dy: Handle, needsInputGradient: boolean): Handle | undefined;
export function runBackward(
  { runs, dy: gradients }: Tape,
  dy: Handle,
  needsInputGradient: boolean,
): Handle | undefined {
  const firstTrained = runs.findIndex((run) => run.parameterGradients !== undefined);
  const last = needsInputGradient ? 0 : firstTrained < 0 ? runs.length : firstTrained;
  let gradient = dy;
  for (let index = runs.length - 1; index >= last; index--) {
    gradients.set(index, gradient);
    if (needsInputGradient || index > last) gradient = runs[index].inputGradient(gradient);
  }
  return needsInputGradient ? gradient : undefined;
}

/** Gradients of all parameters in order, after `runBackward`. */
export function parameterGradients({ runs, dy: gradients }: Tape): readonly Handle[] {
  return runs.flatMap((run, index) => {
    const dy = gradients.get(index);
    return dy === undefined ? [] : (run.parameterGradients?.(dy) ?? []);
  });
}
