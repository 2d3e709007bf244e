import { ProtocolError } from '../../core/errors.js';
import { unwrap, type Outcome } from '../wire.js';

/** The value of a reply from another host, or the error in it thrown here. Throws ProtocolError where it is neither. */
export function valueOf(reply: unknown): unknown {
  if (!isObject(reply) || ('error' in reply && !isError(reply.error)))
    throw new ProtocolError(
      'ERR_MESSAGE',
      'A reply is neither a value nor an error. Both sides must run the same version.',
    );
  return unwrap(reply as Outcome<unknown>);
}

function isError(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { name, code, message, stack, details } = value;
  return [name, code, message, stack].every((text) => typeof text === 'string') && isObject(details);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
