/**
 * Work in flight, of which some is waited for in order: a failure anywhere fails the wait at once, so that a client that dies is
 * heard of while another is waited for.
 */
export class Flight {
  readonly #waiting = new Set<(error: unknown) => void>();
  #failure: { readonly error: unknown } | undefined;

  /** The same work; its failure is noticed. */
  watch<T>(work: Promise<T>): Promise<T> {
    work.catch((error: unknown) => {
      this.#failure ??= { error };
      for (const reject of this.#waiting) reject(error);
      this.#waiting.clear();
    });
    return work;
  }

  /** Waits for work that is watched. Rejects with what failed first, which is the cause of the rest. */
  async wait<T>(work: Promise<T>): Promise<T> {
    if (this.#failure) throw this.#failure.error;
    return await new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      // Where this very work fails, `watch` has noticed.
      void work.then(
        (value) => {
          this.#waiting.delete(reject);
          resolve(value);
        },
        () => undefined,
      );
    });
  }
}
