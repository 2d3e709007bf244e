import { expect } from 'chai';
import fc from 'fast-check';
import { ClientLostError, DataError, ProtocolError } from '../../../../src/core/errors.js';
import { openCaller, type Caller } from '../../../../src/link/nats/caller.js';
import { decodeFrame, encodeFrame, HEADER_BYTES, type Frame } from '../../../../src/link/nats/frame.js';
import { decodeMessage, encodeMessage } from '../../../../src/link/nats/message_bytes.js';
import { serveCalls, type Handle } from '../../../../src/link/nats/responder.js';
import { refusalError } from '../../../../src/link/nats/refusals.js';
import { newSession } from '../../../../src/link/nats/session.js';
import { MAX_CALLS } from '../../../../src/link/nats/subjects.js';
import { FakeBroker } from '../../../support/fake_broker.js';
import { rejection } from '../../../support/link_errors.js';

const subjects = { requests: 'to.1', replies: 'from.1' };
/** So long that only a reconnection makes a caller ask. */
const NEVER_MS = 1_000_000;

describe('calls over NATS', () => {
  let broker: FakeBroker;
  let handled: unknown[];
  let callers: Caller[];
  beforeEach(() => {
    broker = new FakeBroker(HEADER_BYTES + 10);
    handled = [];
    callers = [];
  });
  afterEach(() => {
    for (const caller of callers) caller.close();
  });

  const echo: Handle = (message) => {
    handled.push(message);
    return Promise.resolve(message);
  };
  const serve = (handle = echo) => serveCalls(broker.connection(), subjects, handle);
  const open = ({ session = newSession(), retryMs = NEVER_MS } = {}) => {
    const caller = openCaller(broker.connection(), { ...subjects, session, retryMs });
    callers.push(caller);
    return caller;
  };
  /** Frames as they pass, of one kind; the chosen ones of them are lost. */
  const losing = (kind: Frame['kind'], isLost: (nth: number, frame: Frame) => boolean) => {
    const seen: Frame[] = [];
    broker.meddle = (bytes) => {
      const frame = decodeFrame(bytes);
      if (frame.kind !== kind) return [bytes];
      seen.push(frame);
      return isLost(seen.length, frame) ? [] : [bytes];
    };
    return seen;
  };
  /** Sends a frame as a caller would, and gives what comes back. */
  const answersTo = async (frame: Partial<Frame> & Pick<Frame, 'kind' | 'session'>) => {
    const answers: Frame[] = [];
    const other = broker.connection();
    const listening = other.subscribe(subjects.replies, (bytes) => answers.push(decodeFrame(bytes)));
    const whole = {
      counter: 0,
      answered: 0,
      mark: 0,
      offset: 0,
      total: 0,
      body: new Uint8Array(0),
      ...frame,
    };
    other.publish(subjects.requests, encodeFrame(whole));
    await broker.quiet();
    listening.close();
    return answers;
  };
  const request = (session: string, counter: number, answered: number) => {
    const body = encodeMessage(counter).bytes;
    return { kind: 'request', session, counter, answered, mark: 1, total: 1, body } as const;
  };
  const refusalIn = ([frame]: readonly Frame[]) => {
    expect(frame.kind).to.equal('refused');
    return refusalError(frame.mark, subjects.requests);
  };

  it('carry messages in pieces, there and back', async () => {
    serve();
    const pieces = losing('request', () => false);
    const data = Float32Array.from({ length: 25 }, (_, index) => index).buffer;
    const copy = data.slice();
    expect(await open().call({ data, none: null })).to.deep.equal({ data: copy, none: null });
    expect(data.byteLength, 'it was moved').to.equal(0);
    // 100 bytes of data, and a few of what is around them, 10 in a frame
    expect(pieces.map(({ offset }) => offset)).to.deep.equal([
      0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110,
    ]);
  });

  it('are begun in their order, and each gets its own reply', async () => {
    const waiting: (() => void)[] = [];
    serve((message) => {
      handled.push(message);
      return new Promise((resolve) =>
        waiting.push(() => {
          resolve(message);
        }),
      );
    });
    const caller = open();
    const calls = [1, 2, 3].map((number) => caller.call(number));
    await broker.quiet();
    expect(handled).to.deep.equal([1, 2, 3]);
    for (const reply of waiting.reverse()) reply();
    expect(await Promise.all(calls)).to.deep.equal([1, 2, 3]);
  });

  it('keep class, code and details of an error', async () => {
    serve(() => Promise.reject(new DataError('ERR_TRUNCATED', 'It ends early.', { row: 3 })));
    const error = await rejection(open().call('x'), DataError, 'ERR_TRUNCATED');
    expect(error.details).to.deep.equal({ row: 3 });
  });

  it('tell that a reply cannot be sent, or a request cannot', async () => {
    serve(() => Promise.resolve(new Map()));
    const caller = open();
    await rejection(caller.call('x'), ProtocolError, 'ERR_MESSAGE');
    await rejection(caller.call(new Date()), ProtocolError, 'ERR_MESSAGE');
    expect(await openedAfter(caller)).to.be.instanceOf(ProtocolError);
  });
  /** A refused request takes no number: the next call is the one that is due. */
  const openedAfter = (caller: Caller) => rejection(caller.call('y'), ProtocolError, 'ERR_MESSAGE');

  for (const kind of ['request', 'reply'] as const)
    it(`are healed by an ask, whichever piece of a ${kind} is lost`, async () => {
      serve();
      const numPieces = 4;
      for (let lost = 1; lost <= numPieces; lost++) {
        const pieces = losing(kind, (nth) => nth === lost);
        const message = 'x'.repeat(30);
        const call = open().call(message);
        await broker.quiet();
        const before = pieces.length;
        expect(before, 'with one lost').to.equal(numPieces);
        broker.reconnect();
        expect(await call).to.equal(message);
        expect(pieces[before].offset, 'the rest is sent again, and no more').to.equal(10 * (lost - 1));
        expect(pieces.length).to.equal(before + numPieces - lost + 1);
      }
      expect(handled.length, 'once each').to.equal(numPieces);
    });

  it('are asked for again and again, until there is somebody', async () => {
    let asks = 0;
    await new Promise<void>((resolve) => {
      broker.meddle = (bytes) => {
        if (decodeFrame(bytes).kind === 'ask' && ++asks === 3) resolve();
        return [bytes];
      };
      const call = open({ retryMs: 1 }).call('x');
      callers.push({ call: () => call, close: () => undefined });
    });
    serve();
    expect(await callers[1].call(0)).to.equal('x');
  });

  it('are made once each and in order, whatever is lost or comes twice', async () => {
    serve();
    const fates = fc.array(fc.constantFrom(0, 0, 1, 1, 1, 1, 2), { minLength: 100, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(fates, async (fate) => {
        handled = [];
        let nth = 0;
        // Later on nothing is lost, so that it ends.
        broker.meddle = (bytes) => Array.from({ length: fate[nth++] ?? 1 }, () => bytes);
        const caller = open({ retryMs: 2 });
        const messages = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(5 * index + 1));
        expect(await Promise.all(messages.map((message) => caller.call(message)))).to.deep.equal(messages);
        expect(handled).to.deep.equal(messages);
        caller.close();
      }),
      { numRuns: 30 },
    );
    expect(broker.refused).to.deep.equal([]);
  });

  it('answer a repeat from memory, until the caller has the reply', async () => {
    serve();
    const session = newSession();
    const first = request(session, 0, 0);
    expect((await answersTo(first)).map(({ kind }) => kind)).to.deep.equal(['reply']);
    expect(await answersTo(first), 'the request once more').to.deep.equal([]);
    const ask = { kind: 'ask', session, mark: 5 } as const;
    expect((await answersTo(ask)).map(({ kind, mark }) => [kind, mark])).to.deep.equal([['sent', 5]]);
    const [again] = await answersTo({ kind: 'lacking', session, mark: 5 });
    expect(decodeMessage(again.body)).to.deep.equal({ value: 0 });
    expect((await answersTo(request(session, 1, 1))).map(({ counter }) => counter)).to.deep.equal([1]);
    expect(await answersTo({ ...ask, answered: 1 }), 'forgotten').to.deep.equal([]);
    expect(handled).to.deep.equal([0, 1]);
  });

  it('say nothing of what is under way', async () => {
    serve(() => new Promise(() => undefined));
    const session = newSession();
    expect(await answersTo(request(session, 0, 0))).to.deep.equal([]);
    expect(await answersTo({ kind: 'ask', session, mark: 1 })).to.deep.equal([]);
  });

  it('do not begin before those that were lost', async () => {
    serve();
    const session = newSession();
    expect(await answersTo(request(session, 1, 0))).to.deep.equal([]);
    expect(handled).to.deep.equal([]);
    const answers = await answersTo({ kind: 'ask', session, counter: 1, mark: 3 });
    expect(answers.map(({ kind, mark, offset }) => ({ kind, mark, offset }))).to.deep.equal([
      { kind: 'lacking', mark: 3, offset: 0 },
    ]);
    await answersTo(request(session, 0, 0));
    await answersTo(request(session, 1, 0));
    expect(handled).to.deep.equal([0, 1]);
  });

  it('refuse a gap that nothing can fill', async () => {
    serve();
    const session = newSession();
    await answersTo(request(session, 0, 0));
    for (const frame of [request(session, 3, 2), request(session, MAX_CALLS, 0)])
      expect(refusalIn(await answersTo(frame))).to.have.property('code', 'ERR_GAP');
    expect(handled).to.deep.equal([0]);
  });

  it('refuse a session that was replaced, and one whose memory is gone', async () => {
    serve();
    const [old, young] = [newSession(), newSession()];
    await answersTo(request(old, 0, 0));
    await answersTo(request(young, 0, 0));
    expect(refusalIn(await answersTo(request(old, 1, 1))).message).to.include('taken the place');
    expect(refusalIn(await answersTo(request(newSession(), 7, 7))).message).to.include('knows nothing');
    await answersTo(request(young, 1, 1));
    expect(handled).to.deep.equal([0, 0, 1]);
  });

  it('drop what an ended session waited for', async () => {
    let finish!: (value: unknown) => void;
    serve(() => new Promise((resolve) => (finish = resolve)));
    const old = newSession();
    await answersTo(request(old, 0, 0));
    const finishOld = finish;
    await answersTo(request(newSession(), 0, 0));
    const replies = losing('reply', () => false);
    finishOld('late');
    await broker.quiet();
    expect(replies).to.deep.equal([]);
  });

  it('end where the other side refuses them', async () => {
    serve();
    const [old, young] = [open(), open()];
    await old.call(1);
    await young.call(2);
    const error = await rejection(old.call(3), ProtocolError, 'ERR_SESSION');
    expect(error.message).to.include('another process has taken the place');
    expect(handled).to.deep.equal([1, 2]);
  });

  it('take no notice of what is damaged, and are healed', async () => {
    serve();
    const damages: ((bytes: Uint8Array) => Uint8Array)[] = [
      (bytes) => bytes.subarray(0, HEADER_BYTES - 1),
      (bytes) => Uint8Array.of(9, ...bytes.subarray(1)),
      (bytes) => Uint8Array.of(bytes[0], 99, ...bytes.subarray(2)),
      // larger than announced
      (bytes) => encodeFrame({ ...decodeFrame(bytes), body: new Uint8Array(99) }),
    ];
    for (const damage of damages) {
      let isDamaged = false;
      broker.meddle = (bytes) => {
        if (isDamaged) return [bytes];
        isDamaged = true;
        return [damage(bytes)];
      };
      const call = open().call('x');
      await broker.quiet();
      broker.reconnect();
      expect(await call).to.equal('x');
    }
    expect(broker.refused.length).to.equal(damages.length);
    for (const error of broker.refused)
      expect(error).to.be.instanceOf(ProtocolError).with.property('code', 'ERR_FRAME');
    expect(handled.length, 'once each').to.equal(damages.length);
  });

  it('refuse a message that changes its size on the way, and frames that go the wrong way', async () => {
    serve();
    open();
    const session = newSession();
    const body = new Uint8Array(1);
    await answersTo({ kind: 'request', session, mark: 3, total: 3, body });
    await answersTo({ kind: 'request', session, mark: 4, total: 4, offset: 1, body });
    await answersTo({ kind: 'sent', session });
    expect(broker.refused.map((error) => (error as ProtocolError).message).join('\n')).to.match(
      /announced with 3 bytes before, and now with 4[^]*"to\.1" had a sent/,
    );
  });

  it('carry long messages whole, whatever is lost of them or comes twice', async () => {
    broker = new FakeBroker(HEADER_BYTES + 100_000);
    serve();
    const fates = fc.array(fc.constantFrom(0, 1, 1, 1, 1, 1, 1, 2), { minLength: 60, maxLength: 60 });
    const data = Uint8Array.from({ length: 3_300_000 }, (_, at) => at ^ (at >> 8) ^ (at >> 16));
    await fc.assert(
      fc.asyncProperty(fates, async (fate) => {
        let nth = 0;
        broker.meddle = (bytes) => Array.from({ length: fate[nth++] ?? 1 }, () => bytes);
        const caller = open({ retryMs: 2 });
        const reply = (await caller.call(data.slice().buffer)) as ArrayBuffer;
        expect(Buffer.from(reply).equals(data)).to.equal(true);
        caller.close();
      }),
      { numRuns: 20 },
    );
    expect(broker.refused).to.deep.equal([]);
  });

  it('wait for a long one before them, and need no ask', async () => {
    broker = new FakeBroker(HEADER_BYTES + (1 << 20));
    serve((message) => Promise.resolve((message as ArrayBuffer).byteLength));
    const asks = losing('ask', () => false);
    const pieces: number[] = [];
    const { meddle } = broker;
    broker.meddle = (bytes, subject) => {
      const { kind, counter } = decodeFrame(bytes);
      if (kind === 'request') pieces.push(counter);
      return meddle(bytes, subject);
    };
    const caller = open();
    const sizes = [2_500_000, 3_500_000, 10, 20];
    const calls = sizes.map((size) => caller.call(new ArrayBuffer(size)));
    expect(await Promise.all(calls)).to.deep.equal(sizes);
    expect(pieces).to.deep.equal(pieces.toSorted());
    expect(asks).to.deep.equal([]);
  });

  it('hold back a long message until its receiver has taken what was sent', async () => {
    broker = new FakeBroker(HEADER_BYTES + (1 << 20));
    serve((message) => Promise.resolve((message as ArrayBuffer).byteLength));
    let isSlow = true;
    const held: Uint8Array[] = [];
    broker.meddle = (bytes) => {
      if (!isSlow || decodeFrame(bytes).kind !== 'request') return [bytes];
      held.push(bytes);
      return [];
    };
    const call = open().call(new ArrayBuffer(20 << 20));
    await broker.quiet();
    expect(held.length, 'half megabytes').to.equal(2);
    broker.reconnect();
    await broker.quiet();
    expect(held.length, 'lost, so sent again').to.equal(4);
    isSlow = false;
    broker.reconnect();
    expect(await call).to.equal(20 << 20);
  });

  it('are refused beyond a number of them that wait for the first', async () => {
    serve((message) => (message === 'first' ? new Promise(() => undefined) : Promise.resolve(message)));
    const caller = open();
    const first = caller.call('first');
    for (let number = 1; number < MAX_CALLS; number++) expect(await caller.call(number)).to.equal(number);
    await rejection(caller.call('one more'), ProtocolError, 'ERR_TOO_MANY_CALLS');
    caller.close();
    await rejection(first, ClientLostError, 'ERR_LINK_CLOSED');
  });

  it('end when the caller is closed', async () => {
    const caller = open();
    const waiting = caller.call(1);
    caller.close();
    await rejection(waiting, ClientLostError, 'ERR_LINK_CLOSED');
    await rejection(caller.call(2), ClientLostError, 'ERR_LINK_CLOSED');
  });

  it('take no requests when they are served no more', async () => {
    serve().close();
    void open()
      .call(1)
      .catch(() => undefined);
    await broker.quiet();
    expect(handled).to.deep.equal([]);
  });
});
