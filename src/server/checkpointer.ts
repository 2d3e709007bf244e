import { InterruptedError } from '../core/errors.js';
import type { Link } from '../link/link.js';
import { keepOnly, listCheckpoints, writeCheckpoint, type Checkpoint } from './checkpoint.js';
import { stepsDone, type RingProgress } from './ring_progress.js';
import type { Visit } from './ring_schedule.js';
import type { Tail } from './tail.js';

/** When checkpoints are taken, and how many are kept. */
export interface CheckpointPolicy {
  /** Between two visits, and after so many steps inside one. */
  readonly everySteps: number;
  /** But never two within this time. */
  readonly minMs: number;
  /** The last ones, besides the newest from before the current visit. */
  readonly keep: number;
}

export interface CheckpointerOptions {
  readonly folder: string;
  readonly policy: CheckpointPolicy;
  readonly schedule: readonly Visit[];
  readonly skippedVisits: readonly string[];
  readonly dataSha256: () => string;
  readonly versions: Readonly<Record<string, string>>;
  /** Bytes of every append-only file, when all that was told is written. */
  readonly lengths: () => Readonly<Record<string, number>>;
  readonly onWritten: (checkpoint: Checkpoint) => void;
  /** Asked whenever every side is at rest: a signal's name ends the training after a checkpoint. */
  readonly interruptedBy: () => string | undefined;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Takes a run's checkpoints. */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #lastMs: number;
  #lastSteps: number;

  /** `start` is the number of steps from which training goes on. */
  constructor(options: CheckpointerOptions, start: number) {
    this.#options = options;
    this.#lastMs = options.now();
    this.#lastSteps = start;
  }

  /** To be awaited whenever every side is at rest. Throws InterruptedError after the checkpoint of an interrupted run. */
  async rest(
    sides: { readonly links: readonly Link[]; readonly tail: Tail },
    progress: RingProgress,
  ): Promise<void> {
    const { schedule, interruptedBy } = this.#options;
    const steps = stepsDone(schedule, progress);
    const signal = interruptedBy();
    if (signal === undefined) {
      if (this.#isDue(steps, progress)) await this.#take(sides, progress, steps);
      return;
    }
    if (steps !== this.#lastSteps) await this.#take(sides, progress, steps);
    throw new InterruptedError('ERR_INTERRUPTED', `Stopped by ${signal} after ${steps} batches.`, {
      signal,
      steps,
    });
  }

  #isDue(steps: number, { stepsInVisit }: RingProgress): boolean {
    const { policy, now } = this.#options;
    const isTime = stepsInVisit === 0 || steps - this.#lastSteps >= policy.everySteps;
    return isTime && steps > this.#lastSteps && now() - this.#lastMs >= policy.minMs;
  }

  async #take(
    sides: { readonly links: readonly Link[]; readonly tail: Tail },
    progress: RingProgress,
    steps: number,
  ): Promise<void> {
    const { folder, lengths, skippedVisits, dataSha256, versions, onWritten, now } = this.#options;
    const facts = {
      steps,
      progress,
      lengths: lengths(),
      skippedVisits,
      dataSha256: dataSha256(),
      versions,
    };
    const checkpoint = await writeCheckpoint(folder, sides, facts);
    onWritten(checkpoint);
    await this.#prune(progress);
    this.#lastMs = now();
    this.#lastSteps = steps;
  }

  /** Also keeps the newest that is not inside the current visit: from there the visit can be left out. */
  async #prune({ visit }: RingProgress): Promise<void> {
    const { folder, policy } = this.#options;
    const all = await listCheckpoints(folder, () => undefined);
    const beforeVisit = all.find(({ progress }) => isBefore(progress, visit));
    await keepOnly(
      folder,
      all.filter((each, index) => index < policy.keep || each === beforeVisit),
    );
  }
}

/** Nothing of this visit is done. */
export function isBefore({ visit, stepsInVisit }: RingProgress, wanted: number): boolean {
  return visit < wanted || (visit === wanted && stepsInVisit === 0);
}
