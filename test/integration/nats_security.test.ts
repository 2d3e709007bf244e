import { expect } from 'chai';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import {
  connect,
  errors,
  nkeyAuthenticator,
  nkeys,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { brokerConfig, type BrokerOptions } from '../../src/link/nats/broker_config.js';
import type { ParcelContext } from '../../src/link/nats/parcel_context.js';
import { makePartyKeys, type PartyKeys } from '../../src/link/nats/party_keys.js';
import { openParcel, sealParcel } from '../../src/link/nats/sealed.js';
import { makeCertificates, type Certificates } from '../support/certificates.js';
import { foldersOf } from '../support/folders.js';
import { describeWithNatsServer, startNatsServer, type NatsServer } from '../support/nats_server.js';
import { makeParties } from '../../src/link/nats/parties.js';

const { server, clients, peers } = makeParties(3);
const subject = (rest: string) => `bloom.${peers.runName}.${rest}`;

const startBroker = (tls?: BrokerOptions['tls']) =>
  startNatsServer(brokerConfig(peers, { host: '127.0.0.1', port: -1, ...(tls && { tls }) }));

/** Connects as a party, or as nobody; without trying again. */
function connectAs(
  keys: PartyKeys | undefined,
  { port }: NatsServer,
  options: NodeConnectionOptions = {},
): Promise<NatsConnection> {
  const authenticator = keys && nkeyAuthenticator(keys.broker.export());
  return connect({
    servers: `localhost:${port}`,
    reconnect: false,
    ...(authenticator && { authenticator }),
    ...options,
  });
}

/** What a connection attempt ends in, where it fails. */
const failure = (attempt: Promise<NatsConnection>): Promise<unknown> =>
  attempt.then(
    async (connection) => {
      await connection.close();
      return undefined;
    },
    (error: unknown) => error,
  );

describeWithNatsServer('the broker of a run', () => {
  let broker: NatsServer;
  const open: NatsConnection[] = [];
  beforeEach(async () => {
    broker = await startBroker();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.close()));
    await broker.close();
  });
  const enter = async (keys: PartyKeys) => {
    const connection = await connectAs(keys, broker);
    open.push(connection);
    return connection;
  };

  /** Says that it is client 1, and signs with these keys. */
  const asClient1 = (keys: PartyKeys): NodeConnectionOptions => ({
    authenticator: (nonce) => {
      const own = nkeys.fromSeed(keys.broker.export());
      const sig = Buffer.from(own.sign(Buffer.from(String(nonce)))).toString('base64');
      return { nkey: peers.clients[1].broker, sig };
    },
  });
  it('lets in the server and the clients of the list', async () => {
    for (const keys of [server, ...clients]) await enter(keys);
    expect(await failure(connectAs(undefined, broker, asClient1(clients[1])))).to.equal(undefined);
  });

  const intruders: Readonly<Record<string, readonly [PartyKeys | undefined, NodeConnectionOptions]>> = {
    'who has no key': [undefined, {}],
    'whose key is not on the list': [makePartyKeys(1), {}],
    "who gives a client's public key with another signature": [undefined, asClient1(makePartyKeys(1))],
    'who has a password instead': [undefined, { user: 'client-1', pass: peers.clients[1].broker }],
  };
  for (const [who, [keys, options]] of Object.entries(intruders)) {
    it(`refuses one ${who}, and goes on with those inside`, async () => {
      const [receiver, sender] = [await enter(server), await enter(clients[1])];
      const answers = receiver.subscribe(subject('answer.*'), { max: 1 });
      await receiver.flush();
      const refusal = await failure(connectAs(keys, broker, options));
      expect(refusal).to.be.instanceOf(errors.AuthorizationError);
      sender.publish(subject('answer.1'), 'still here');
      for await (const answer of answers) expect(answer.string()).to.equal('still here');
    });
  }

  const numbers = clients.map((_, client) => client);
  const pairs = numbers.flatMap((from) => numbers.map((to) => `${from}.${to}`));
  /** Every subject of the run, and some others. */
  const subjects = [
    ...numbers.flatMap((client) => [`call.${client}`, `answer.${client}`, `beat.${client}`]).map(subject),
    ...pairs.flatMap((pair) => [`mail.${pair}`, `receipt.${pair}`]).map(subject),
    ...[
      subject('beat.server'),
      subject('other'),
      'bloom.0123456789abcdef.answer.1',
      '_INBOX.x',
      '$SYS.REQ.SERVER.PING',
    ],
  ];
  const patterns = [
    '>',
    '*.>',
    subject('>'),
    subject('call.*'),
    subject('mail.*.*'),
    subject('mail.1.*'),
    subject('receipt.*.1'),
  ];
  const mayPublish: Readonly<Record<string, RegExp>> = {
    server: /\.(call\.\d|beat\.server)$/,
    'client 1': /\.(answer\.1|mail\.1\.\d|receipt\.\d\.1|beat\.1)$/,
  };
  const maySubscribe: Readonly<Record<string, RegExp>> = {
    server: /\.(answer\.\d|beat\.\w+)$/,
    'client 1': /\.(call\.1|mail\.\d\.1|receipt\.1\.\d|beat\.\w+)$/,
  };

  /** On which of them the broker refused to do what was tried. */
  async function refusedOf(
    keys: PartyKeys,
    tried: readonly string[],
    attempt: (connection: NatsConnection, subject: string) => void,
  ): Promise<readonly string[]> {
    const connection = await enter(keys);
    const statuses = connection.status();
    for (const each of tried) attempt(connection, each);
    await connection.flush();
    await connection.close();
    const refused: string[] = [];
    for await (const status of statuses)
      if (status.type === 'error' && status.error instanceof errors.PermissionViolationError)
        refused.push(status.error.subject);
    return refused;
  }

  for (const [who, keys] of [
    ['server', server],
    ['client 1', clients[1]],
  ] as const) {
    const foreign = (tried: readonly string[], own: RegExp) =>
      tried.filter((each) => !(own.test(each) && each.includes(peers.runName)));

    it(`lets the ${who} publish on its own subjects only`, async () => {
      const refused = await refusedOf(keys, subjects, (connection, each) => {
        connection.publish(each, 'x');
      });
      expect(refused).to.deep.equal(foreign(subjects, mayPublish[who]));
    });

    it(`lets the ${who} listen on its own subjects only`, async () => {
      const tried = [...subjects, ...patterns];
      const refused = await refusedOf(keys, tried, (connection, each) => {
        connection.subscribe(each, { callback: () => undefined });
      });
      expect(refused).to.deep.equal(foreign(tried, maySubscribe[who]));
    });
  }

  it('drops what somebody says in the name of another, and keeps the connection', async () => {
    const [receiver, sender] = [await enter(server), await enter(clients[1])];
    const heard = receiver.subscribe(subject('answer.*'), { max: 1 });
    await receiver.flush();
    sender.publish(subject('answer.0'), 'forged');
    sender.publish(subject('answer.1'), 'true');
    for await (const answer of heard) expect(answer.string()).to.equal('true');
  });

  it('brings a sealed parcel to its receiver, who can tell a copy of it on another day', async () => {
    const context: ParcelContext = {
      ...{ run: 'a start', kind: 'head', generation: 0, step: 8, round: 1, from: 0, to: 1 },
    };
    const [sender, receiver] = [await enter(clients[0]), await enter(clients[1])];
    const mail = receiver.subscribe(subject('mail.*.1'), { max: 1 });
    await receiver.flush();
    const head = Uint8Array.of(1, 2, 3);
    sender.publish(subject('mail.0.1'), sealParcel(head, { keys: clients[0], peers }, context));
    for await (const { data } of mail) {
      const open = (expected: ParcelContext) => openParcel(data, { keys: clients[1], peers }, expected);
      expect(open(context)).to.deep.equal(head);
      expect(() => open({ ...context, step: 16 })).to.throw('its step is 8 instead of 16');
    }
  });
});

const withCertificate = () => {
  const newFolder = foldersOf();
  let files: Certificates;
  let broker: NatsServer | undefined;
  beforeEach(() => {
    files = makeCertificates(newFolder());
  });
  afterEach(() => broker?.close());
  const start = async (certificate: string) => (broker = await startBroker({ certificate, key: files.key }));
  const trusting = () => ({ tls: { caFile: files.authority } });

  it('lets in who trusts it and has a key, and nobody without a key', async () => {
    const started = await start(files.valid);
    expect(await failure(connectAs(clients[0], started, trusting()))).to.equal(undefined);
    const refusal = await failure(connectAs(undefined, started, trusting()));
    expect(refusal).to.be.instanceOf(errors.AuthorizationError);
  });

  const untrusted: Readonly<
    Record<string, readonly [keyof Certificates, () => NodeConnectionOptions, string]>
  > = {
    'has expired': ['expired', trusting, 'CERT_HAS_EXPIRED'],
    'is of an authority that nobody here knows': ['valid', () => ({}), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  };
  for (const [what, [certificate, options, code]] of Object.entries(untrusted)) {
    it(`is left by a client where the certificate ${what}`, async () => {
      const refusal = await failure(connectAs(clients[0], await start(files[certificate]), options()));
      expect(refusal).to.have.property('code', code);
    });
  }

  it('closes a connection that speaks without TLS', async () => {
    const { port } = await start(files.valid);
    const socket = connectTcp({ port, host: '127.0.0.1' });
    let heard = '';
    socket.setEncoding('utf8').on('data', (text: string) => (heard += text));
    // A connection that is reset is closed too.
    socket.on('error', () => undefined);
    await once(socket, 'data');
    socket.write('CONNECT {"verbose":true}\r\nPING\r\n');
    await once(socket, 'close');
    expect(heard).to.match(/^INFO .*"tls_required":true/);
    expect(heard).not.to.include('PONG');
  });

  it('is missed by a client that wants TLS, where there is none', async () => {
    broker = await startBroker();
    const refusal = await failure(connectAs(clients[0], broker, trusting()));
    expect(String(refusal)).to.include("server does not support 'tls'");
  });
};
describeWithNatsServer('the broker of a run, with a certificate', withCertificate, ['openssl']);
