import { expect } from 'chai';
import type { BloomError } from '../../src/core/errors.js';
import { messageOf } from '../../src/core/errors.js';

type ErrorClass<E extends BloomError> = new (...args: never[]) => E;

/** The error of this class and code with which a call must reject. */
export async function rejection<E extends BloomError>(
  call: Promise<unknown>,
  ErrorType: ErrorClass<E>,
  code: string,
): Promise<E> {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  return expectError(outcome, ErrorType, code);
}

/** The error of this class and code that a function must throw. */
export function thrown<E extends BloomError>(run: () => unknown, ErrorType: ErrorClass<E>, code: string): E {
  let outcome: unknown;
  try {
    run();
  } catch (error) {
    outcome = error;
  }
  return expectError(outcome, ErrorType, code);
}

function expectError<E extends BloomError>(outcome: unknown, ErrorType: ErrorClass<E>, code: string): E {
  if (outcome === undefined) expect.fail(`nothing was refused, though ${code} was expected`);
  expect(outcome, messageOf(outcome)).to.be.instanceOf(ErrorType);
  const error = outcome as E;
  expect(error.code, error.message).to.equal(code);
  return error;
}
