import { messageOf, StorageError } from '../core/errors.js';
import type { Sink } from './sink.js';

/** Tells several sinks; `onDropped` hears of one that failed and is not essential. */
export class Sinks {
  #active: readonly Sink[];
  readonly #all: readonly Sink[];
  readonly #onDropped: (message: string) => void;

  constructor(sinks: readonly Sink[], onDropped: (message: string) => void) {
    this.#active = sinks;
    this.#all = sinks;
    this.#onDropped = onDropped;
  }

  /** Calls every sink. Throws where an essential one fails. */
  tell(call: (sink: Sink) => void): void {
    for (const sink of this.#active) {
      try {
        call(sink);
      } catch (error) {
        if (sink.isEssential) throw asStorageError(sink, error);
        this.#drop(sink, error);
      }
    }
  }

  /** Closes every sink, the last one first. Throws afterwards where an essential one failed. */
  async close(): Promise<void> {
    let failure: StorageError | undefined;
    for (const sink of [...this.#all].reverse()) {
      try {
        await sink.close?.();
      } catch (error) {
        if (sink.isEssential) failure ??= asStorageError(sink, error);
        else this.#drop(sink, error);
      }
    }
    if (failure) throw failure;
  }

  #drop(sink: Sink, error: unknown): void {
    this.#active = this.#active.filter((other) => other !== sink);
    this.#onDropped(`${sink.name} failed and is left out from here on: ${messageOf(error)}`);
  }
}

function asStorageError(sink: Sink, error: unknown): StorageError {
  return new StorageError(
    'ERR_ESSENTIAL_SINK',
    `Cannot write ${sink.name}: ${messageOf(error)}. The run stops, since its record would have a gap. Free some space, ` +
      'or choose another place with `output_dir`.',
    { sink: sink.name },
    { cause: error },
  );
}
