import { expect } from 'chai';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { nkeys } from '@nats-io/transport-node';
import { SetupError } from '../../src/core/errors.js';
import { openCaller } from '../../src/link/nats/caller.js';
import {
  connectNats,
  type Connection,
  type ConnectionStatus,
  type ConnectOptions,
} from '../../src/link/nats/connection.js';
import { serveCalls } from '../../src/link/nats/responder.js';
import { newSession } from '../../src/link/nats/session.js';
import { rejection } from '../support/link_errors.js';
import { describeWithNatsServer, startNatsServer, type NatsServer } from '../support/nats_server.js';

describeWithNatsServer('a connection to a nats-server', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const start = async (configuration?: string): Promise<NatsServer> => {
    const server = await startNatsServer(configuration);
    closing.push(() => server.close());
    return server;
  };
  const options = (server: string, changes: Partial<ConnectOptions> = {}): ConnectOptions => ({
    ...{ servers: [server], seed: undefined, tls: undefined, name: 'test', onStatus: () => undefined },
    ...changes,
  });
  const open = async (server: NatsServer, changes: Partial<ConnectOptions> = {}): Promise<Connection> => {
    const connection = await connectNats(options(server.url, changes));
    closing.push(() => connection.close());
    return connection;
  };
  /** A connection's status of this type, when it comes. */
  const statusOf = () => {
    const seen: ConnectionStatus[] = [];
    const waiting: (() => void)[] = [];
    const onStatus = (status: ConnectionStatus) => {
      seen.push(status);
      for (const look of waiting.splice(0)) look();
    };
    const next = async (type: ConnectionStatus['type']): Promise<ConnectionStatus> => {
      for (;;) {
        const found = seen.findIndex((status) => status.type === type);
        if (found >= 0) return seen.splice(0, found + 1)[found];
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    };
    return { onStatus, next };
  };
  const user = () => {
    const pair = nkeys.createUser();
    return { seed: Buffer.from(pair.getSeed()).toString(), id: pair.getPublicKey() };
  };

  it('that nobody answers says so, and what to do', async () => {
    const nobody = createServer().listen(0, '127.0.0.1');
    await once(nobody, 'listening');
    const { port } = nobody.address() as AddressInfo;
    nobody.close();
    const address = `nats://127.0.0.1:${port}`;
    const error = await rejection(connectNats(options(address)), SetupError, 'ERR_BROKER_UNREACHABLE');
    expect(error.message).to.match(
      /^No connection to the NATS server at nats:\S+: connection refused\. Start it/,
    );
  });

  it('is refused without a key, or with one that the broker does not know', async () => {
    const [known, unknown] = [user(), user()];
    const server = await start(`authorization { users = [ { nkey: ${known.id} } ] }`);
    await open(server, { seed: known.seed });
    const none = await rejection(connectNats(options(server.url)), SetupError, 'ERR_BROKER_AUTH');
    expect(none.message).to.include('it wants a key');
    const other = connectNats(options(server.url, { seed: unknown.seed }));
    expect((await rejection(other, SetupError, 'ERR_BROKER_AUTH')).message).to.include('refused the key');
    const damaged = connectNats(options(server.url, { seed: 'SUX' }));
    await rejection(damaged, SetupError, 'ERR_BROKER_AUTH');
  });

  it('is refused without TLS where TLS is wanted', async () => {
    const server = await start();
    const address = server.url.replace('nats:', 'tls:');
    await rejection(connectNats(options(address)), SetupError, 'ERR_BROKER_TLS');
  });

  it('tells what the broker refuses, and stays', async () => {
    const { seed, id } = user();
    const rights = 'permissions: { publish: ["mine"], subscribe: ["mine"] }';
    const server = await start(`authorization { users = [ { nkey: ${id}, ${rights} } ] }`);
    const status = statusOf();
    const connection = await open(server, { seed, onStatus: status.onStatus });
    connection.publish('others', new Uint8Array(1));
    expect(await status.next('refused'))
      .to.have.nested.property('error.message')
      .that.includes('others');
    connection.subscribe('secret', () => expect.fail('it was read'));
    expect(await status.next('refused'))
      .to.have.nested.property('error.message')
      .that.includes('secret');
    const came = new Promise((resolve) => connection.subscribe('mine', resolve));
    connection.publish('mine', Uint8Array.of(7));
    expect([...((await came) as Uint8Array)]).to.deep.equal([7]);
  });

  it('tells what a subscriber throws, and the next message comes', async () => {
    const server = await start();
    const status = statusOf();
    const connection = await open(server, { onStatus: status.onStatus });
    const came = new Promise((resolve) => {
      connection.subscribe('x', ([first]) => {
        if (first === 1) throw new Error('one is refused');
        resolve(first);
      });
    });
    connection.publish('x', Uint8Array.of(1));
    connection.publish('x', Uint8Array.of(2));
    expect(await came).to.equal(2);
    expect(await status.next('refused')).to.have.nested.property('error.message', 'one is refused');
  });

  it('ends when it is closed, or when the broker does not know its key any more', async () => {
    const status = statusOf();
    const closed = await open(await start(), { onStatus: status.onStatus });
    await closed.close();
    expect(await status.next('ended')).to.have.property('error', undefined);
    closed.publish('x', new Uint8Array(1)); // as heartbeats may
  });

  it('comes back after the broker was restarted in the middle of calls, each of which is done once', async () => {
    const server = await start();
    const status = statusOf();
    const near = await open(server, { onStatus: status.onStatus });
    const far = await open(server);
    const subjects = { requests: 'to', replies: 'from' };
    const handled: number[] = [];
    const served = serveCalls(far, subjects, (message) => {
      const { number, data } = message as { number: number; data: ArrayBuffer };
      handled.push(number);
      return Promise.resolve({ number, data });
    });
    await far.flush();
    const caller = openCaller(near, { ...subjects, session: newSession(), retryMs: 200 });
    closing.push(() => Promise.resolve([served.close(), caller.close()]).then(() => undefined));
    let number = 0;
    // Three megabytes are several frames: a restart falls into the middle of one message or another.
    const call = async () => {
      const data = Uint8Array.from({ length: 3 << 20 }, (_, at) => at + number).buffer;
      const [sent, copy] = [number++, Buffer.from(data.slice())];
      const reply = (await caller.call({ number: sent, data })) as { number: number; data: ArrayBuffer };
      expect(reply.number).to.equal(sent);
      expect(copy.equals(Buffer.from(reply.data)), 'the same bytes').to.equal(true);
    };
    for (let round = 0; round < 3; round++) {
      await call();
      const calls = [call(), call(), call()];
      await server.restart();
      await status.next('back');
      await Promise.all([...calls, call()]);
    }
    expect(handled).to.deep.equal(Array.from({ length: number }, (_, index) => index));
  });

  it('notices a broker that hangs, and makes up for what was lost', async () => {
    const server = await start();
    const status = statusOf();
    const near = await open(server, { onStatus: status.onStatus });
    const far = await open(server);
    const subjects = { requests: 'to', replies: 'from' };
    const served = serveCalls(far, subjects, (message) => Promise.resolve(message));
    await far.flush();
    const caller = openCaller(near, { ...subjects, session: newSession(), retryMs: 200 });
    closing.push(() => Promise.resolve([served.close(), caller.close()]).then(() => undefined));
    server.freeze(true);
    const call = caller.call('x');
    await status.next('lost');
    server.freeze(false);
    expect(await call).to.equal('x');
  });
});
