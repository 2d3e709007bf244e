import { ProtocolError } from '../../core/errors.js';
import type { Frame } from './frame.js';

/** Most bytes of a message that are sent before its receiver asks for more: what a slow one makes the broker hold. */
const WINDOW_BYTES = 8 << 20;

/** A piece of a message, as it stands in a frame. */
export type Piece = Pick<Frame, 'mark' | 'offset' | 'total' | 'body'>;

/** A message on its way out, kept until it is answered: it is sent in windows, and again from where the receiver lacks it. */
export class Outgoing {
  readonly #bytes: Uint8Array;
  readonly #send: (piece: Piece) => void;
  readonly #pieceBytes: () => number;
  #sentTo = 0;
  #lastAsk = 0;
  #lastAskBeforeSending = 0;

  constructor(bytes: Uint8Array, pieceBytes: () => number, send: (piece: Piece) => void) {
    this.#bytes = bytes;
    this.#pieceBytes = pieceBytes;
    this.#send = send;
  }

  start(): void {
    this.#sendFrom(0);
  }

  /** The receiver is, or was, asked for this message. */
  asked(ask: number): void {
    this.#lastAsk = Math.max(this.#lastAsk, ask);
  }

  /** The receiver lacks what comes after `offset`, as of this ask. */
  lacks(offset: number, ask: number): void {
    const isNext = offset === this.#sentTo;
    // An answer to an ask from before the last window knows nothing of it: that is still on its way.
    const isLost = offset < this.#sentTo && ask > this.#lastAskBeforeSending;
    if (offset < this.#bytes.length && (isNext || isLost)) this.#sendFrom(offset);
  }

  #sendFrom(start: number): void {
    const total = this.#bytes.length;
    const mark = Math.min(start + WINDOW_BYTES, total);
    const pieceBytes = this.#pieceBytes();
    this.#lastAskBeforeSending = this.#lastAsk;
    this.#sentTo = mark;
    for (let offset = start; offset < mark; offset += pieceBytes) {
      const body = this.#bytes.subarray(offset, Math.min(offset + pieceBytes, mark));
      this.#send({ mark, offset, total, body });
    }
  }
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
