import { Decoder, Encoder, ExtData, type ExtensionCodecType } from '@msgpack/msgpack';
import { messageOf, ProtocolError } from '../../core/errors.js';
import { movables } from '../wire.js';
import { BUFFER_TYPE, checkStructure } from './msgpack_structure.js';

/** A message with more bytes is neither sent nor taken. */
export const MAX_MESSAGE_BYTES = 1 << 30;

/** In place of MessagePack's own types: an ArrayBuffer is the only one. */
const codec: ExtensionCodecType<undefined> = {
  tryToEncode(part) {
    if (part instanceof ArrayBuffer) return new ExtData(BUFFER_TYPE, new Uint8Array(part));
    if (Array.isArray(part) || Object.getPrototypeOf(part) === Object.prototype) return null;
    // Anything else would arrive as something different.
    throw new TypeError(`it holds a ${(part as object).constructor.name}`);
  },
  // A copy: `slice` of a Buffer, which is what sockets give, would be none.
  decode: (bytes) => new Uint8Array(bytes).buffer,
};

/**
 * Plain data with ArrayBuffers as MessagePack. The buffers are moved: they are empty afterwards. Throws ProtocolError where it is not
 * plain, or too large.
 */
export function encodeMessage(message: unknown): Uint8Array {
  const buffers = movables(message) as ArrayBuffer[];
  const numBytes = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (numBytes > MAX_MESSAGE_BYTES)
    throw unsendable(`it has ${numBytes} bytes, and ${MAX_MESSAGE_BYTES} is the limit`);
  const encoder = new Encoder({
    extensionCodec: codec,
    ignoreUndefined: true,
    initialBufferSize: numBytes + 1024,
  });
  try {
    return encoder.encodeSharedRef(message);
  } catch (error) {
    throw unsendable(messageOf(error));
  } finally {
    structuredClone(null, { transfer: buffers });
  }
}

/** What was encoded, with buffers of its own. Throws ProtocolError, with memory in proportion to the bytes. */
export function decodeMessage(bytes: Uint8Array): unknown {
  try {
    checkStructure(bytes);
    return new Decoder({ extensionCodec: codec }).decode(bytes);
  } catch (error) {
    throw new ProtocolError(
      'ERR_MESSAGE',
      `A message of ${bytes.length} bytes cannot be read: ${messageOf(error)}. Both sides must run the same version.`,
      {},
      { cause: error },
    );
  }
}

function unsendable(why: string): ProtocolError {
  return new ProtocolError(
    'ERR_MESSAGE',
    `A message cannot be sent: ${why}. It must be plain data with ArrayBuffers.`,
  );
}
