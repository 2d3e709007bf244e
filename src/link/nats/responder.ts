import { ProtocolError, toPlainError } from '../../core/errors.js';
import { outcomeOf, type Outcome } from '../wire.js';
import type { Closable, Connection } from './connection.js';
import { decodeFrame, encodeFrame, HEADER_BYTES, type Frame } from './frame.js';
import { decodeMessage, encodeMessage, type Encoded } from './message_bytes.js';
import { Incoming, Outgoing } from './pieces.js';
import { numberOfRefusal, type Refusal } from './refusals.js';
import { MAX_CALLS, type CallSubjects } from './subjects.js';

export type Handle = (message: unknown, session: string) => Promise<unknown>;

/** What is known of one session of the caller: at most one request in part, and the replies that it may not have. */
interface Memory {
  readonly session: string;
  /** Number of the request that comes next. */
  expected: number;
  incoming: Incoming | undefined;
  /** By number; undefined while the call is under way. */
  readonly replies: Map<number, Outgoing | undefined>;
}

/**
 * Begins the calls of a session in their order, each once. What `handle` throws reaches the caller with its class and code. A new
 * session takes the place of the one before, whose memory is dropped.
 */
export function serveCalls(
  connection: Connection,
  { requests, replies }: CallSubjects,
  handle: Handle,
): Closable {
  const ended = new Set<string>();
  let memory: Memory | undefined;

  const send = ({ session, counter }: Frame, part: Partial<Frame> & Pick<Frame, 'kind'>) => {
    const frame = { session, counter, answered: 0, mark: 0, offset: 0, total: 0, body: nothing, ...part };
    connection.publish(replies, encodeFrame(frame));
  };
  const refuse = (frame: Frame, why: Refusal) => {
    send(frame, { kind: 'refused', mark: numberOfRefusal(why) });
  };

  /** The memory of the session of a frame; undefined where it was refused. */
  const memoryOf = (frame: Frame): Memory | undefined => {
    if (frame.session === memory?.session) return memory;
    if (ended.has(frame.session)) refuse(frame, 'replaced');
    else if (frame.answered > 0) refuse(frame, 'forgotten');
    else {
      if (memory) ended.add(memory.session);
      return (memory = { session: frame.session, expected: 0, incoming: undefined, replies: new Map() });
    }
    return undefined;
  };

  const takeRequest = (to: Memory, frame: Frame) => {
    // A repeat, or one before it was lost: the caller's next ask tells what is the matter.
    if (frame.counter !== to.expected) return;
    const request = (to.incoming ??= new Incoming(frame));
    const state = request.take(frame);
    if (state === 'more is to be asked for') send(frame, { kind: 'lacking', offset: request.received });
    if (state !== 'whole') return;
    to.incoming = undefined;
    to.expected++;
    to.replies.set(frame.counter, undefined);
    void work(to, frame, request.bytes());
  };
  const work = async (to: Memory, frame: Frame, bytes: Uint8Array) => {
    const outcome = await outcomeOf(() => handle(decodeMessage(bytes), frame.session));
    // Nobody waits for it where the session has ended.
    if (to !== memory) return;
    const pieceBytes = () => connection.maxPayload - HEADER_BYTES;
    const outgoing = new Outgoing(encodedOutcome(outcome), pieceBytes, (piece) => {
      send(frame, { kind: 'reply', ...piece });
    });
    to.replies.set(frame.counter, outgoing);
    outgoing.start();
  };
  const tell = (of: Memory, frame: Frame) => {
    const { counter, mark } = frame;
    const reply = of.replies.get(counter);
    if (counter >= of.expected) {
      const offset = counter === of.expected && of.incoming ? of.incoming.received : 0;
      send(frame, { kind: 'lacking', mark, offset });
    } else if (reply) {
      reply.asked(mark);
      send(frame, { kind: 'sent', mark });
    }
  };

  const take = (bytes: Uint8Array) => {
    const frame = decodeFrame(bytes);
    const { kind, counter, answered, mark, offset } = frame;
    const of = memoryOf(frame);
    if (!of) return;
    if (answered > of.expected || counter - answered >= MAX_CALLS) {
      refuse(frame, 'gap');
      return;
    }
    for (const [each, reply] of of.replies) {
      if (each >= answered) continue;
      of.replies.delete(each);
      reply?.close();
    }
    switch (kind) {
      case 'request':
        takeRequest(of, frame);
        break;
      case 'ask':
        tell(of, frame);
        break;
      case 'lacking':
        of.replies.get(counter)?.lacks(offset, mark);
        break;
      case 'reply':
      case 'sent':
      case 'refused':
        throw new ProtocolError('ERR_FRAME', `"${requests}" had a ${kind}, but only requests belong there.`);
    }
  };

  const subscription = connection.subscribe(requests, take);
  return {
    close() {
      subscription.close();
      memory = undefined;
    },
  };
}

const nothing = new Uint8Array(0);

/** A reply that cannot be sent is an error of its own. */
function encodedOutcome(outcome: Outcome<unknown>): Encoded {
  try {
    return encodeMessage(outcome);
  } catch (error) {
    return encodeMessage({ error: toPlainError(error) });
  }
}
