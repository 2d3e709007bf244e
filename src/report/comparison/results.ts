import { meanForgetting } from '../../metrics/forgetting.js';
import { readOutcome } from '../plots/read_run.js';
import { costsOf, type Costs } from './costs.js';

/** What a comparison takes from a run; null where the run does not tell. */
export interface RunResults extends Costs {
  readonly accuracy: number;
  readonly weighted_f1: number;
  readonly macro_f1: number;
  readonly loss: number;
  readonly wall_seconds: number | null;
  /** Mean over clients of what was forgotten at the end, 0 to 1. */
  readonly forgetting: number | null;
}

/** Reads what came of a finished run. Throws DataError. */
export async function readResults(runDirectory: string, wasResumed: boolean): Promise<RunResults> {
  const { summary, evaluations } = await readOutcome(runDirectory);
  const { accuracy, weighted_f1, macro_f1, loss, wall_seconds } = summary;
  return {
    accuracy,
    weighted_f1,
    macro_f1,
    loss,
    // Only of the last of its processes.
    wall_seconds: wasResumed ? null : wall_seconds,
    ...costsOf(summary),
    forgetting: evaluations.forgetting === null ? null : meanForgetting(evaluations.forgetting),
  };
}
