import { Decoder, Encoder, ExtData, type ExtensionCodecType } from '@msgpack/msgpack';
import { messageOf, ProtocolError } from '../../core/errors.js';
import { freeBuffers } from '../../core/free.js';
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

/** A message as MessagePack. */
export interface Encoded {
  readonly bytes: Uint8Array;
  /** For when nobody reads the bytes any more: their memory is then used for a later message. */
  release(): void;
}

/** An encoder and the memory that it has. */
interface Spare {
  readonly encoder: Encoder;
  readonly numBytes: number;
}

/** Of messages that were released, the oldest first: new memory takes as long to get as its copy does. */
const spares: Spare[] = [];
const MAX_SPARES = 4;
/** Smaller memory is had at once, and larger memory is not held. */
const MIN_SPARE_BYTES = 1 << 14;
const MAX_SPARE_BYTES = 4 << 20;

/**
 * Plain data with ArrayBuffers as MessagePack. The buffers are moved: they are empty afterwards. Throws ProtocolError where it is not
 * plain, or too large.
 */
export function encodeMessage(message: unknown): Encoded {
  const buffers = movables(message) as ArrayBuffer[];
  const numBytes = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (numBytes > MAX_MESSAGE_BYTES)
    throw unsendable(`it has ${numBytes} bytes, and ${MAX_MESSAGE_BYTES} is the limit`);
  const encoder = encoderFor(numBytes + 1024);
  try {
    const bytes = encoder.encodeSharedRef(message);
    let isReleased = false;
    const release = () => {
      if (!isReleased) keep({ encoder, numBytes: bytes.buffer.byteLength });
      isReleased = true;
    };
    return { bytes, release };
  } catch (error) {
    throw unsendable(messageOf(error));
  } finally {
    freeBuffers(buffers);
  }
}

function encoderFor(numBytes: number): Encoder {
  const found = numBytes < MIN_SPARE_BYTES ? -1 : spares.findIndex((spare) => spare.numBytes >= numBytes);
  if (found >= 0) return spares.splice(found, 1)[0].encoder;
  return new Encoder({ extensionCodec: codec, ignoreUndefined: true, initialBufferSize: numBytes });
}

function keep(spare: Spare): void {
  if (spare.numBytes < MIN_SPARE_BYTES || spare.numBytes > MAX_SPARE_BYTES) return;
  if (spares.length === MAX_SPARES) spares.shift();
  spares.push(spare);
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
