import { ProtocolError } from '../../core/errors.js';
import { MAX_MESSAGE_BYTES } from './message_bytes.js';

const VERSION = 1;

/**
 * `request` and `reply` carry a piece of a message. `ask`: what became of this call? It is answered by `lacking` (of the request,
 * from this offset on), by `sent` (the reply was; who lacks some of it answers `lacking`), or not at all while the call is under way.
 * `refused` ends it.
 */
const kinds = ['request', 'reply', 'ask', 'sent', 'lacking', 'refused'] as const;
export type FrameKind = (typeof kinds)[number];

/** One message of the broker. Frames from one sender arrive in their order, or not at all. */
export interface Frame {
  readonly kind: FrameKind;
  /** Of the caller. */
  readonly session: string;
  /** Number of the call in its session. */
  readonly counter: number;
  /** The caller has the replies to all calls before this one. */
  readonly answered: number;
  /** Of request and reply: who has all up to here says so. Of ask, sent and lacking: which ask it is about; 0 for none. Of refused: why. */
  readonly mark: number;
  /** Of request and reply: where the piece begins. Of lacking: where the rest does. */
  readonly offset: number;
  /** Bytes of the whole message. */
  readonly total: number;
  readonly body: Uint8Array;
}

// version, kind: 1 byte each; session: 8; counter, answered, mark, offset, total: 4 each
const SESSION_BYTES = 8;
const SESSION_AT = 2;
const NUMBERS_AT = SESSION_AT + SESSION_BYTES;
const numbers = ['counter', 'answered', 'mark', 'offset', 'total'] as const;
export const HEADER_BYTES = NUMBERS_AT + 4 * numbers.length;

export function encodeFrame(frame: Frame): Uint8Array {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + frame.body.length);
  bytes[0] = VERSION;
  bytes[1] = kinds.indexOf(frame.kind);
  bytes.write(frame.session, SESSION_AT, 'hex');
  numbers.forEach((name, index) => bytes.writeUInt32BE(frame[name], NUMBERS_AT + 4 * index));
  bytes.set(frame.body, HEADER_BYTES);
  return bytes;
}

/** The body is a part of the bytes. Throws ProtocolError. */
export function decodeFrame(given: Uint8Array): Frame {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  if (bytes.length < HEADER_BYTES)
    throw damaged(`it has ${bytes.length} bytes, and its header alone ${HEADER_BYTES}`);
  if (bytes[0] !== VERSION) throw damaged(`it is of version ${bytes[0]} instead of ${VERSION}`);
  if (bytes[1] >= kinds.length) throw damaged(`it is of kind ${bytes[1]}`);
  const [counter, answered, mark, offset, total] = numbers.map((_, index) =>
    bytes.readUInt32BE(NUMBERS_AT + 4 * index),
  );
  const session = bytes.toString('hex', SESSION_AT, NUMBERS_AT);
  const body = given.subarray(HEADER_BYTES);
  const frame: Frame = { kind: kinds[bytes[1]], session, counter, answered, mark, offset, total, body };
  if (frame.kind === 'request' || frame.kind === 'reply') checkPiece(frame);
  return frame;
}

function checkPiece({ mark, offset, total, body }: Frame): void {
  if (total > MAX_MESSAGE_BYTES)
    throw damaged(`it announces ${total} bytes, and ${MAX_MESSAGE_BYTES} is the limit`);
  const end = offset + body.length;
  if (body.length === 0 || end > mark || mark > total)
    throw damaged(`it brings bytes ${offset} to ${end} of ${total}, and up to ${mark} were announced`);
}

function damaged(why: string): ProtocolError {
  return new ProtocolError(
    'ERR_FRAME',
    `A frame from the broker was not taken: ${why}. Both sides must run the same version.`,
  );
}
