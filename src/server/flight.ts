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

  /** Waits for watched work. Rejects with the first failure of any. */
  wait<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#failure) {
        // What failed first is the cause of the rest.
        reject(this.#failure.error);
        return;
      }
      this.#waiting.add(reject);
      work.then(
        (value) => {
          this.#waiting.delete(reject);
          resolve(value);
        },
        () => undefined,
      );
    });
  }
}
