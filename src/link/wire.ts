import { MessagePort, type Transferable } from 'node:worker_threads';
import { toPlainError, fromPlainError, type PlainError } from '../core/errors.js';

/** A reply or an error as plain data: an Error posted to another thread would lose its class and code. */
export type Outcome<T> = { readonly value: T } | { readonly error: PlainError };

/** Does the work and tells how it ended. */
export async function outcomeOf<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: toPlainError(error) };
  }
}

/** The value, or the error thrown on this side. */
export function unwrap<T>(outcome: Outcome<T>): T {
  if ('error' in outcome) throw fromPlainError(outcome.error);
  return outcome.value;
}

/** Every buffer and port in a message: what is moved and not copied. Shared memory stays shared. */
export function movables(message: unknown): Transferable[] {
  if (message instanceof ArrayBuffer || message instanceof MessagePort) return [message];
  if (ArrayBuffer.isView(message) || typeof message !== 'object' || message === null) return [];
  const parts = message instanceof Map ? [...message.values()] : Object.values(message);
  return parts.flatMap(movables);
}
