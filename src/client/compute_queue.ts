/** The work of a thread's clients, one after the other, so that it can be told what each took. */
export class ComputeQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Does the work when what came before is done; `took` is told its milliseconds, also where it fails. */
  async run<T>(work: () => Promise<T>, took: (ms: number) => void): Promise<T> {
    const before = this.#last;
    const done = (async () => {
      await before;
      const startMs = performance.now();
      try {
        return await work();
      } finally {
        took(performance.now() - startMs);
      }
    })();
    this.#last = done.catch(() => undefined);
    return await done;
  }
}
