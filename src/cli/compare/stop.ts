import type { Child } from './child.js';

/** Signals that ask a comparison to stop, passed on to the run under way. */
export interface Stop {
  /** The signal that came; undefined where none did. */
  readonly by: () => string | undefined;
  /** What is to be told of a signal from now on; undefined for nobody. */
  attend(child: Child | undefined): void;
  /** Gives the signals back. */
  end(): void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first signal lets the run under way write a checkpoint; the second one ends it at once. */
export function watchStop(say: (line: string) => void): Stop {
  let first: string | undefined;
  let attended: Child | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (first === undefined) {
      say(`\n${signal}: the run under way writes a checkpoint and ends; once more ends it at once`);
      attended?.kill('SIGINT');
    } else attended?.kill('SIGKILL');
    first ??= signal;
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    by: () => first,
    attend(child) {
      attended = child;
      // It came while this child was being started.
      if (first !== undefined) child?.kill('SIGINT');
    },
    end() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
