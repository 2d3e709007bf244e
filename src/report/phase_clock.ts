import type { TrainEvent } from '../core/events.js';

/** What a run spends its time on. */
export type Phase = 'setup' | 'training' | 'hand_over' | 'test' | 'forgetting' | 'saving';

const phaseOf = {
  step: 'training',
  visit: 'training',
  hand_over: 'hand_over',
  average: 'hand_over',
  evaluation: 'test',
  round: 'test',
  forgetting: 'forgetting',
} as const satisfies Record<TrainEvent['type'], Phase>;

/** Wall time by phase: the time up to an event belongs to what the event tells of. */
export class PhaseClock {
  readonly #now: () => number;
  #lastMs: number;
  readonly #seconds: Record<Phase, number> = {
    setup: 0,
    training: 0,
    hand_over: 0,
    test: 0,
    forgetting: 0,
    saving: 0,
  };

  /** `startMs` and `now` are milliseconds of one clock. */
  constructor(startMs: number, now: () => number = () => performance.now()) {
    this.#lastMs = startMs;
    this.#now = now;
  }

  event({ type }: TrainEvent): void {
    this.endOf(phaseOf[type]);
  }

  /** The time since the last call was spent on this. */
  endOf(phase: Phase): void {
    const now = this.#now();
    this.#seconds[phase] += (now - this.#lastMs) / 1000;
    this.#lastMs = now;
  }

  /** Seconds by phase so far. */
  get seconds(): Readonly<Record<Phase, number>> {
    return { ...this.#seconds };
  }
}
