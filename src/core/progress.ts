/** Long work that can be watched. */
export interface Progress {
  /** Begins one piece of work: what is done, and how much of it there is in all, 0 where that is not known. */
  begin(what: string, total: number, unit: 'bytes' | 'rows'): ProgressTask;
}

export interface ProgressTask {
  /** So much more is done. */
  advance(by: number): void;
  /** The work is over, well or not. May be called again. */
  end(): void;
}

/** Nobody watches. */
export const noProgress: Progress = {
  begin: () => ({ advance: () => undefined, end: () => undefined }),
};
