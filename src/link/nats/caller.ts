import { ClientLostError, ProtocolError } from '../../core/errors.js';
import type { Connection } from './connection.js';
import { decodeFrame, encodeFrame, HEADER_BYTES, type Frame } from './frame.js';
import { decodeMessage, encodeMessage } from './message_bytes.js';
import { valueOf } from './outcome.js';
import { Incoming, Outgoing } from './pieces.js';
import { refusalError } from './refusals.js';
import { MAX_CALLS, type CallSubjects } from './subjects.js';

/** Makes calls over a connection; each is handled once, whatever is lost or repeated on the way. */
export interface Caller {
  /** A message is plain data with ArrayBuffers, which are moved. Rejects where it is refused, or the caller is closed. */
  call(message: unknown): Promise<unknown>;
  /** Rejects what is under way and everything after. */
  close(): void;
}

export interface CallerOptions extends CallSubjects {
  /** Of `newSession`: a caller that is opened again gets a new one. */
  readonly session: string;
  /** How often it asks for a reply that has not come. */
  readonly retryMs: number;
}

interface Call {
  readonly outgoing: Outgoing;
  reply: Incoming | undefined;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Calls are numbered, and those under way are asked for again and again: whatever was lost of request or reply is then sent again. It holds
 * the bytes of requests under way, and the replies that have come in part.
 */
export function openCaller(connection: Connection, options: CallerOptions): Caller {
  const { requests, replies, session, retryMs } = options;
  const calls = new Map<number, Call>();
  let next = 0;
  let lastAsk = 0;
  let isClosed = false;

  const answered = () => Math.min(next, ...calls.keys());
  const send = (counter: number, part: Partial<Frame> & Pick<Frame, 'kind'>) => {
    const frame = {
      session,
      counter,
      answered: answered(),
      mark: 0,
      offset: 0,
      total: 0,
      body: nothing,
      ...part,
    };
    connection.publish(requests, encodeFrame(frame));
  };
  const askForAll = () => {
    lastAsk++;
    for (const [counter, { outgoing }] of calls) {
      outgoing.asked(lastAsk);
      send(counter, { kind: 'ask', mark: lastAsk });
    }
  };
  /** Begins with those that may be sent: before the one in front of them has gone out, the other side would not take them. */
  const sendOn = () => {
    for (const { outgoing } of calls.values()) {
      outgoing.start();
      if (!outgoing.isSent) return;
    }
  };
  const takeLack = ({ outgoing }: Call, { counter, offset, mark }: Frame) => {
    const isNext = [...calls].every(([other, each]) => other >= counter || each.outgoing.isSent);
    if (!isNext) return;
    outgoing.lacks(offset, mark);
    sendOn();
  };
  const end = (counter: number, { outgoing }: Call) => {
    calls.delete(counter);
    outgoing.close();
    sendOn();
  };

  const takeReply = (call: Call, frame: Frame) => {
    const reply = (call.reply ??= new Incoming(frame));
    const state = reply.take(frame);
    if (state === 'more is to be asked for') send(frame.counter, { kind: 'lacking', offset: reply.received });
    if (state !== 'whole') return;
    end(frame.counter, call);
    try {
      call.resolve(valueOf(decodeMessage(reply.bytes())));
    } catch (error) {
      call.reject(error as Error);
    }
  };
  const take = (bytes: Uint8Array) => {
    const frame = decodeFrame(bytes);
    const { kind, counter, mark } = frame;
    const call = calls.get(counter);
    // Of a caller that was here before, or answered in the meantime.
    if (frame.session !== session || !call) return;
    switch (kind) {
      case 'reply':
        takeReply(call, frame);
        break;
      case 'sent':
        send(counter, { kind: 'lacking', mark, offset: call.reply?.received ?? 0 });
        break;
      case 'lacking':
        takeLack(call, frame);
        break;
      case 'refused':
        end(counter, call);
        call.reject(refusalError(mark, requests));
        break;
      case 'request':
      case 'ask':
        throw new ProtocolError('ERR_FRAME', `"${replies}" had a ${kind}, but only replies belong there.`);
    }
  };

  const subscription = connection.subscribe(replies, take);
  const reconnects = connection.onReconnect(askForAll);
  const timer = setInterval(askForAll, retryMs);
  return {
    call: (message) =>
      new Promise((resolve, reject) => {
        if (isClosed) throw closed(requests);
        if (next - answered() >= MAX_CALLS)
          throw new ProtocolError(
            'ERR_TOO_MANY_CALLS',
            `${MAX_CALLS} calls on "${requests}" wait for the first of them: no more are made.`,
          );
        const encoded = encodeMessage(message);
        const counter = next++;
        const pieceBytes = () => connection.maxPayload - HEADER_BYTES;
        const outgoing = new Outgoing(encoded, pieceBytes, (piece) => {
          send(counter, { kind: 'request', ...piece });
        });
        calls.set(counter, { outgoing, reply: undefined, resolve, reject });
        sendOn();
      }),
    close() {
      isClosed = true;
      clearInterval(timer);
      subscription.close();
      reconnects.close();
      for (const call of calls.values()) call.reject(closed(requests));
      calls.clear();
    },
  };
}

const nothing = new Uint8Array(0);

function closed(subject: string): ClientLostError {
  return new ClientLostError('ERR_LINK_CLOSED', `Calls on "${subject}" are closed.`);
}
