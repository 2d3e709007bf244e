import { InterruptedError } from '../core/errors.js';
import type { CostsSoFar } from '../core/costs.js';
import type { Link } from '../link/link.js';
import { keepOnly, listCheckpoints, writeCheckpoint, type Checkpoint } from './checkpoint.js';
import { stepsDone, type Progress } from './progress.js';
import type { Turn } from './schedule.js';
import type { Tails } from './tails/tails.js';

/** When checkpoints are taken, and how many are kept. */
export interface CheckpointPolicy {
  /** Between two turns, and after so many steps inside one. */
  readonly everySteps: number;
  /** But never two within this time. */
  readonly minMs: number;
  /** The last ones, besides the newest from before the current turn. */
  readonly keep: number;
}

export interface CheckpointerOptions {
  readonly folder: string;
  readonly policy: CheckpointPolicy;
  readonly schedule: readonly Turn[];
  /** All clients of a round are asked for the test at its end. */
  readonly hasOwnTests: boolean;
  readonly skippedVisits: readonly string[];
  readonly dataSha256: () => string;
  readonly versions: Readonly<Record<string, string>>;
  /** Bytes of every append-only file, when all that was told is written. */
  readonly lengths: () => Readonly<Record<string, number>>;
  /** What the training has cost so far. */
  readonly costs: () => CostsSoFar;
  readonly onWritten: (checkpoint: Checkpoint) => void;
  /** Told which checkpoints there are still. */
  readonly onKept: (kept: readonly Checkpoint[]) => Promise<void>;
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

  /** To be asked whenever every side could come to rest. */
  isDue(progress: Progress): boolean {
    const { policy, now, schedule, interruptedBy } = this.#options;
    if (interruptedBy() !== undefined) return true;
    const steps = stepsDone(schedule, progress);
    const isTime = progress.stepsInTurn === 0 || steps - this.#lastSteps >= policy.everySteps;
    return isTime && steps > this.#lastSteps && now() - this.#lastMs >= policy.minMs;
  }

  /** To be awaited while every side is at rest. Throws InterruptedError after the checkpoint of an interrupted run. */
  async take(
    sides: { readonly links: readonly Link[]; readonly tails: Tails },
    progress: Progress,
  ): Promise<void> {
    const steps = stepsDone(this.#options.schedule, progress);
    if (steps !== this.#lastSteps) await this.#write(sides, progress, steps);
    const signal = this.#options.interruptedBy();
    if (signal === undefined) return;
    throw new InterruptedError('ERR_INTERRUPTED', `Stopped by ${signal} after ${steps} batches.`, {
      signal,
      steps,
    });
  }

  async #write(
    sides: { readonly links: readonly Link[]; readonly tails: Tails },
    progress: Progress,
    steps: number,
  ): Promise<void> {
    const { folder, lengths, skippedVisits, costs, dataSha256, versions, onWritten, now } = this.#options;
    const facts = {
      steps,
      progress,
      lengths: lengths(),
      skippedVisits,
      costs: costs(),
      dataSha256: dataSha256(),
      versions,
    };
    const checkpoint = await writeCheckpoint(folder, sides, facts);
    onWritten(checkpoint);
    await this.#prune(progress);
    this.#lastMs = now();
    this.#lastSteps = steps;
  }

  /**
   * Also keeps the newest from before the turn under way, from where a visit of it can be left out. Between two turns a visit of
   * the one that is over may still fail: its client is asked for what comes after it, and where clients test their own rows all of the round
   * are.
   */
  async #prune({ turn, stepsInTurn }: Progress): Promise<void> {
    const { folder, policy, schedule, hasOwnTests } = this.#options;
    const all = await listCheckpoints(folder, () => undefined);
    const last = stepsInTurn === 0 ? turn - 1 : turn;
    const failing = hasOwnTests ? schedule.findIndex(({ round }) => round === schedule[last].round) : last;
    const beforeTurn = all.find(({ progress }) => isBefore(progress, failing));
    const kept = all.filter((each, index) => index < policy.keep || each === beforeTurn);
    await keepOnly(folder, kept);
    await this.#options.onKept(kept);
  }
}

/** Nothing of this turn is done. */
export function isBefore({ turn, stepsInTurn }: Progress, wanted: number): boolean {
  return turn < wanted || (turn === wanted && stepsInTurn === 0);
}
