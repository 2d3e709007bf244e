import { ProtocolError } from '../../core/errors.js';
import type { Frame } from './frame.js';
import type { Encoded } from './message_bytes.js';

/**
 * Most bytes of a message that are on their way at a time: what a slow receiver makes the broker hold. Heartbeats wait behind them: 0.8 s on a
 * line of 10 Mbit/s. Over 100 ms there and back a message gets at most 84 Mbit/s.
 */
export const WINDOW_BYTES = 1 << 20;
/** A receiver says so often how far it is: before it has the whole window, so that the line does not run dry. */
const STEP_BYTES = WINDOW_BYTES / 2;

/** A piece of a message, as it stands in a frame. */
export type Piece = Pick<Frame, 'mark' | 'offset' | 'total' | 'body'>;

/**
 * A message on its way out, kept until it is answered. No more of it is sent than a window from where the receiver is; what was lost is sent again.
 */
export class Outgoing {
  readonly #message: Encoded;
  readonly #sendPiece: (piece: Piece) => void;
  readonly #pieceBytes: () => number;
  #sentTo = 0;
  #lastAsk = 0;
  #lastAskBeforeSending = 0;

  /** The piece that it hands out is to be read at once. */
  constructor(message: Encoded, pieceBytes: () => number, sendPiece: (piece: Piece) => void) {
    this.#message = message;
    this.#pieceBytes = pieceBytes;
    this.#sendPiece = sendPiece;
  }

  /** Sends the first window, where that was not done. */
  start(): void {
    if (this.#sentTo === 0) this.#send(0, WINDOW_BYTES);
  }

  /** Whether all of it was sent at least once. */
  get isSent(): boolean {
    return this.#sentTo === this.#message.bytes.length;
  }

  /** The receiver is, or was, asked for this message. */
  asked(ask: number): void {
    this.#lastAsk = Math.max(this.#lastAsk, ask);
  }

  /** The receiver lacks what comes after `offset`, as of this ask. */
  lacks(offset: number, ask: number): void {
    // An answer to an ask from before what was sent last knows nothing of it: that is still on its way.
    const isLost = offset < this.#sentTo && ask > this.#lastAskBeforeSending;
    this.#send(isLost ? offset : this.#sentTo, Math.min(offset, this.#sentTo) + WINDOW_BYTES);
  }

  /** It was answered: nobody asks for it again. */
  close(): void {
    this.#message.release();
  }

  #send(start: number, windowEnd: number): void {
    const { bytes } = this.#message;
    const total = bytes.length;
    const end = Math.min(windowEnd, total);
    if (start >= end) return;
    const pieceBytes = Math.max(1, this.#pieceBytes());
    this.#lastAskBeforeSending = this.#lastAsk;
    this.#sentTo = end;
    let offset = start;
    while (offset < end) {
      // Once all is on its way nobody has to say how far it is.
      const mark = end === total ? total : Math.min(nextStep(offset), total);
      const pieceEnd = Math.min(offset + pieceBytes, mark, end);
      this.#sendPiece({ mark, offset, total, body: bytes.subarray(offset, pieceEnd) });
      offset = pieceEnd;
    }
  }
}

function nextStep(offset: number): number {
  return (Math.floor(offset / STEP_BYTES) + 1) * STEP_BYTES;
}

/** A message on its way in. It holds no more than what came of it. */
export class Incoming {
  readonly #total: number;
  readonly #pieces: Uint8Array[] = [];
  #received = 0;

  constructor({ total }: Piece) {
    this.#total = total;
  }

  /** How much of it is there, without a gap. */
  get received(): number {
    return this.#received;
  }

  /** Takes what is new in a piece. Tells whether the sender waits to be asked for more. Throws ProtocolError. */
  take({ mark, offset, total, body }: Piece): 'whole' | 'more is to come' | 'more is to be asked for' {
    if (total !== this.#total)
      throw new ProtocolError(
        'ERR_FRAME',
        `A frame from the broker was not taken: its message was announced with ${this.#total} bytes before, and now with ${total}.`,
      );
    const end = offset + body.length;
    // A piece before it was lost, or it was here before.
    if (offset > this.#received || end <= this.#received) return 'more is to come';
    this.#pieces.push(body.subarray(this.#received - offset));
    this.#received = end;
    if (end === total) return 'whole';
    return end === mark ? 'more is to be asked for' : 'more is to come';
  }

  /** Once it is whole. */
  bytes(): Uint8Array {
    return this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
  }
}
