import { expect } from 'chai';
import { brokerConfig } from '../../../../src/link/nats/broker_config.js';
import { makeParties } from '../../../../src/link/nats/parties.js';

const { peers } = makeParties(2);
const run = peers.runName;
const listen = { host: '127.0.0.1', port: 4222 };

interface User {
  readonly nkey: string;
  readonly permissions: Record<'publish' | 'subscribe', { readonly allow: readonly string[] }>;
}

/** The users of a configuration: each is one line of JSON. */
const usersOf = (config: string) => {
  const lines = config.split('\n').filter((line) => line.startsWith('    {'));
  return lines.map((line) => JSON.parse(line) as User);
};

describe('the configuration of the broker', () => {
  it('knows the server and every client by their nkeys, and nobody else', () => {
    const nkeys = usersOf(brokerConfig(peers, listen)).map(({ nkey }) => nkey);
    expect(nkeys).to.deep.equal([peers.server, ...peers.clients].map(({ broker }) => broker));
  });

  it('gives each its own subjects only', () => {
    const allowed = usersOf(brokerConfig(peers, listen)).map(({ permissions: { publish, subscribe } }) => ({
      publish: publish.allow.map((subject) => subject.replace(`bloom.${run}.`, '')),
      subscribe: subscribe.allow.map((subject) => subject.replace(`bloom.${run}.`, '')),
    }));
    expect(allowed).to.deep.equal([
      { publish: ['call.*', 'beat.server'], subscribe: ['answer.*', 'beat.*'] },
      {
        publish: ['answer.0', 'mail.0.*', 'receipt.*.0', 'beat.0'],
        subscribe: ['call.0', 'mail.*.0', 'receipt.0.*', 'beat.*'],
      },
      {
        publish: ['answer.1', 'mail.1.*', 'receipt.*.1', 'beat.1'],
        subscribe: ['call.1', 'mail.*.1', 'receipt.1.*', 'beat.*'],
      },
    ]);
  });

  it('lets four messages of every client wait for the server, and 256 MB for anybody', () => {
    const pendingOf = (numClients: number) =>
      /max_pending: (\d+)/.exec(
        brokerConfig({ ...peers, clients: Array(numClients).fill(peers.clients[0]) }, listen),
      )![1];
    expect([2, 64, 100].map(pendingOf)).to.deep.equal([1 << 28, 1 << 28, 400 << 20].map(String));
  });

  it('has a certificate where one is given, and says where none is', () => {
    const tls = { certificate: '/etc/a "b".pem', key: '/etc/key.pem' };
    const config = brokerConfig(peers, { ...listen, tls });
    expect(config).to.include('tls: {"cert_file":"/etc/a \\"b\\".pem","key_file":"/etc/key.pem"}');
    expect(config).not.to.include('No TLS');
    expect(brokerConfig(peers, listen)).to.include('# No TLS');
    expect(brokerConfig(peers, listen)).not.to.include('tls:');
  });
});
