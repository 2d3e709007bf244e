/** Facts about an error that a program may read; plain data, since errors cross thread boundaries. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/**
 * Base of every error the system raises on purpose. `code` is stable and starts with `ERR_`; the message is one sentence
 * that says what is wrong, where it came from, what was expected and how to fix it.
 */
export class BloomError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An option is wrong: the user changes it. */
export class ConfigError extends BloomError {}

/** A data file is missing, damaged or of another kind: the user replaces it. */
export class DataError extends BloomError {}

/** Two parts of a model, or a model and its data, do not fit together. */
export class ShapeError extends BloomError {}

/** A file or directory could not be written or read: the user frees space or changes the place. */
export class StorageError extends BloomError {}

/** This machine lacks something, or a step of setting it up failed: the user installs what is named and runs it again. */
export class SetupError extends BloomError {}

/** A loss, gradient or weight is not finite: training cannot go on from here. */
export class NumericError extends BloomError {}

/** A client's thread ended or did not answer in time. */
export class ClientLostError extends BloomError {}

/** A message is not the one that was due: another generation, step or checksum. */
export class ProtocolError extends BloomError {}

/** A thread cannot be ended: the process must be killed to end. */
export class StuckThreadError extends BloomError {}

/** The user stopped the run: it can go on from its checkpoint. */
export class InterruptedError extends BloomError {}

/** A numerical proof did not hold. */
export class VerificationError extends BloomError {}

const classes = {
  BloomError,
  ConfigError,
  DataError,
  ShapeError,
  StorageError,
  SetupError,
  NumericError,
  ClientLostError,
  ProtocolError,
  StuckThreadError,
  InterruptedError,
  VerificationError,
};

/** An error as plain data, for a boundary that keeps no classes. */
export interface PlainError {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly stack: string;
}

/** Takes an error apart so that it can be posted to another thread. */
export function toPlainError(error: unknown): PlainError {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const known = error instanceof BloomError ? error : undefined;
  return {
    name,
    code: known?.code ?? 'ERR_INTERNAL',
    message,
    details: known?.details ?? {},
    stack: stack ?? message,
  };
}

/** Rebuilds an error from another thread, with its class, code and the stack of where it was raised. */
export function fromPlainError(plain: PlainError): BloomError {
  const ErrorClass = Object.hasOwn(classes, plain.name)
    ? classes[plain.name as keyof typeof classes]
    : BloomError;
  const error = new ErrorClass(plain.code, plain.message, plain.details);
  error.stack = plain.stack;
  return error;
}

/** The error with these facts too, where it does not know them. */
export function withDetails(error: BloomError, details: ErrorDetails): BloomError {
  if (Object.keys(details).every((name) => name in error.details)) return error;
  const { cause } = error;
  const told = fromPlainError({ ...toPlainError(error), details: { ...details, ...error.details } });
  return cause === undefined ? told : Object.assign(told, { cause });
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
