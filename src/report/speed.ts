import type { TrainEvent } from '../core/events.js';

/** Training's pace, from when its events arrive: the time of tests is left out. */
export class Speedometer {
  readonly #now: () => number;
  #lastMs: number;
  #trainingMs = 0;
  #rows = 0;

  /** `now` gives milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#lastMs = now();
  }

  event(event: TrainEvent): void {
    const now = this.#now();
    if (event.type === 'step') this.#rows += event.rows;
    if (event.type !== 'evaluation' && event.type !== 'forgetting') this.#trainingMs += now - this.#lastMs;
    this.#lastMs = now;
  }

  get samplesPerSecond(): number {
    return this.#trainingMs === 0 ? 0 : (this.#rows / this.#trainingMs) * 1000;
  }
}
