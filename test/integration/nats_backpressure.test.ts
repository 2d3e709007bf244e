import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { ClientLostError } from '../../src/core/errors.js';
import { CallGuard } from '../../src/link/call_guard.js';
import { openCaller } from '../../src/link/nats/caller.js';
import { connectNats, type Connection, type ConnectionStatus } from '../../src/link/nats/connection.js';
import { decodeFrame } from '../../src/link/nats/frame.js';
import { encodeMessage } from '../../src/link/nats/message_bytes.js';
import { WINDOW_BYTES } from '../../src/link/nats/pieces.js';
import { serveCalls, type Handle } from '../../src/link/nats/responder.js';
import { newSession } from '../../src/link/nats/session.js';
import { rejection } from '../support/link_errors.js';
import { bufferBytes } from '../support/memory.js';
import { describeWithNatsServer, startNatsServer, type NatsServer } from '../support/nats_server.js';
import { openTcpProxy, type TcpProxy } from '../support/tcp_proxy.js';

const subjects = { requests: 'to', replies: 'from' };
const NUM_CALLS = 3;
/** Several frames, and several windows. */
const MESSAGE_BYTES = 5_000_000;
/** Stands for 2 s, so that 300 of them are ten minutes. */
const RETRY_MS = 2;
const SOME_ASKS = 30;
const MANY_ASKS = 300;
/** What may come and go: buffers of sockets, frames of 30 bytes. */
const SMALL_BYTES = 1 << 19;

describeWithNatsServer('what waits for a party that stops reading', () => {
  let broker: NatsServer;
  let proxy: TcpProxy;
  let events: EventEmitter;
  const closing: (() => unknown)[] = [];
  beforeEach(async () => {
    events = new EventEmitter();
    broker = await startNatsServer();
    proxy = await openTcpProxy(broker.port);
    closing.push(
      () => broker.close(),
      () => proxy.close(),
    );
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const connectTo = async (port: number, onStatus: (status: ConnectionStatus) => void = () => undefined) => {
    const servers = [`nats://127.0.0.1:${port}`];
    const connection = await connectNats({
      servers,
      seed: undefined,
      tls: undefined,
      name: 'test',
      onStatus,
    });
    closing.push(() => connection.close());
    return connection;
  };
  const serve = async (connection: Connection, handle: Handle) => {
    const served = serveCalls(connection, subjects, handle);
    closing.push(() => {
      served.close();
    });
    await connection.flush();
  };
  const open = (connection: Connection) => {
    const caller = openCaller(connection, { ...subjects, session: newSession(), retryMs: RETRY_MS });
    closing.push(() => {
      caller.close();
    });
    return caller;
  };
  /** What is published over a connection: bytes of messages, and frames without any. */
  const counted = (connection: Connection) => {
    const sent = { messageBytes: 0, others: 0 };
    const publish: Connection['publish'] = (subject, bytes) => {
      const { body } = decodeFrame(bytes);
      sent.messageBytes += body.length;
      if (body.length === 0) sent.others++;
      connection.publish(subject, bytes);
      events.emit('sent');
    };
    const others = async (number: number) => {
      for (const end = sent.others + number; sent.others < end;) await once(events, 'sent');
    };
    return { connection: { ...connection, publish }, sent, others };
  };
  const message = (number: number) =>
    Uint8Array.from({ length: MESSAGE_BYTES + number }, (_, at) => (at ^ (at >> 8)) + number).buffer;
  const sha256 = (bytes: unknown) =>
    createHash('sha256')
      .update(new Uint8Array(bytes as ArrayBuffer))
      .digest('hex');
  const numbers = Array.from({ length: NUM_CALLS }, (_, number) => number);
  const expected = numbers.map((number) => sha256(message(number)));

  it('is a window of the request that is due, however long a client is slow; then they arrive', async () => {
    const { connection, sent, others } = counted(await connectTo(broker.port));
    await serve(await connectTo(proxy.port), (request) => Promise.resolve(sha256(request)));
    const caller = open(connection);
    proxy.hold('down');
    const calls = numbers.map((number) => caller.call(message(number)));
    await others(NUM_CALLS * SOME_ASKS);
    const before = await bufferBytes();
    await others(NUM_CALLS * MANY_ASKS);
    expect((await bufferBytes()) - before, 'what came with the asks').to.be.below(SMALL_BYTES);
    expect(sent.messageBytes).to.equal(WINDOW_BYTES);
    proxy.release('down');
    expect(await Promise.all(calls)).to.deep.equal(expected);
  });

  it('is a window of each reply, however long the server is slow; then they arrive', async () => {
    const { connection, sent, others } = counted(await connectTo(broker.port));
    await serve(connection, (number) => Promise.resolve(message(number as number)));
    const caller = open(await connectTo(proxy.port));
    proxy.hold('down');
    const calls = numbers.map((number) => caller.call(number));
    await others(NUM_CALLS * SOME_ASKS);
    const before = await bufferBytes();
    await others(NUM_CALLS * MANY_ASKS);
    expect((await bufferBytes()) - before, 'what came with the asks').to.be.below(SMALL_BYTES);
    expect(sent.messageBytes).to.equal(NUM_CALLS * WINDOW_BYTES);
    proxy.release('down');
    expect((await Promise.all(calls)).map(sha256)).to.deep.equal(expected);
  });

  it('is dropped with the connection where it is the broker; the calls go on when it reads again', async () => {
    const far = await connectTo(proxy.port, ({ type }) => events.emit(type));
    const { connection, sent, others } = counted(far);
    await serve(await connectTo(broker.port), (request) => Promise.resolve(sha256(request)));
    const caller = open(connection);
    const before = await bufferBytes();
    const lost = once(events, 'lost');
    proxy.hold('up');
    const calls = numbers.map((number) => caller.call(message(number)));
    await others(NUM_CALLS * SOME_ASKS);
    const requests = NUM_CALLS * MESSAGE_BYTES;
    // Frames are copied once more on their way to the socket.
    const onTheirWay = 2 * WINDOW_BYTES;
    expect((await bufferBytes()) - before).to.be.below(requests + onTheirWay + SMALL_BYTES);
    await lost;
    await others(NUM_CALLS * MANY_ASKS);
    expect((await bufferBytes()) - before).to.be.below(requests + SMALL_BYTES);
    expect(sent.messageBytes).to.equal(WINDOW_BYTES);
    const back = once(events, 'back');
    proxy.release('up');
    await back;
    expect(await Promise.all(calls)).to.deep.equal(expected);
  });

  it('is let go when a call has ended by its deadline and its line is closed', async () => {
    await serve(await connectTo(proxy.port), (request) => Promise.resolve(sha256(request)));
    const caller = open(await connectTo(broker.port));
    const guard = new CallGuard('client 0', 50);
    const before = await bufferBytes();
    proxy.hold('down');
    const calls = numbers.map((number) => guard.run('a call', () => caller.call(message(number))));
    await Promise.all(calls.map((call) => rejection(call, ClientLostError, 'ERR_CALL_TIMEOUT')));
    expect((await bufferBytes()) - before).to.be.above(NUM_CALLS * MESSAGE_BYTES);
    caller.close();
    expect((await bufferBytes()) - before).to.be.below(SMALL_BYTES);
  });

  it('neither costs a slow line its connection nor is sent twice', async () => {
    // The two messages take 8 s, and a connection without a sign of life for 6 s is lost.
    const slow = await openTcpProxy(broker.port, (2 * MESSAGE_BYTES) / 8);
    closing.push(() => slow.close());
    const statuses: string[] = [];
    const far = await connectTo(slow.port, ({ type }) => statuses.push(type));
    await serve(far, (request) => Promise.resolve(sha256(request)));
    const { connection, sent } = counted(await connectTo(broker.port));
    const caller = open(connection);
    const calls = [0, 1].map((number) => caller.call(message(number)));
    expect(await Promise.all(calls)).to.deep.equal(expected.slice(0, 2));
    expect(statuses).to.deep.equal([]);
    const sizes = [0, 1].map((number) => encodeMessage(message(number)).bytes.length);
    expect(sent.messageBytes).to.equal(sizes[0] + sizes[1]);
  });
});
