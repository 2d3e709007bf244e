/** Signals that ask a run to stop. */
export interface Interrupts {
  /** The signal that came; undefined where none did. */
  readonly interruptedBy: () => string | undefined;
  /** Gives the signals back. */
  end(): void;
}

/** Takes SIGINT and SIGTERM: the first one asks for an end at the next batch, the second one ends the process at once. */
export function watchInterrupts(): Interrupts {
  let first: string | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    // An exit would wait for threads that are inside native code.
    if (first !== undefined) process.kill(process.pid, 'SIGKILL');
    first = signal;
    process.stderr.write(
      `\n${signal}: the batch is finished and a checkpoint written; once more ends at once, also where a client hangs\n`,
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    interruptedBy: () => first,
    end() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
